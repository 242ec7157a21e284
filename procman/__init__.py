"""procman: every API instance that fits in RAM runs, and never a second MQTT consumer."""

__version__ = "0.1.0"
