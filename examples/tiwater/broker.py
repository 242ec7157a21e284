"""A broker for trying the example out: mosquitto when it is installed, else amqtt inside this process.

Both listen on loopback only and ask for no password. Environment: BROKER_PORT (1883), TIWATER_BROKER (`auto`,
`mosquitto` or `amqtt`).

amqtt, pure Python, is here to *show* messages flowing where mosquitto cannot be installed. It keeps
sessions in memory only, confirms a message before it passes it on and drops what is left when the publisher
disconnects, and has lost messages when a consumer was killed in the middle, so it proves nothing about
exactly once. It speaks MQTT 3.1.1 and grants `$share/...` subscriptions without delivering to them.
Use mosquitto for anything that matters.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Never

RUN = Path("run/broker")
HOST = "127.0.0.1"
LOG = logging.getLogger("tiwater.broker")

# max_queued_messages: with the default of 1,000 what comes in while the consumer is away longer is dropped.
# max_inflight_messages: how many may wait for an acknowledgement, and so the largest batch.
# max_packet_size: one huge message must not be able to end the consumer by its memory limit, again and
# again.
MOSQUITTO_CONF = """\
listener {port} {host}
allow_anonymous true
persistence true
persistence_location {run}/
autosave_interval 30
max_queued_messages 100000
max_inflight_messages 500
max_packet_size 262144
log_dest stderr
log_type error
log_type warning
log_type notice
connection_messages false
"""


def mosquitto(environment: Mapping[str, str]) -> str | None:
    """Where mosquitto is; None when it is not installed, or another broker is asked for."""
    if (environment.get("TIWATER_BROKER") or "auto") not in ("auto", "mosquitto"):
        return None
    # Debian puts it in /usr/sbin, which the PATH of a plain user may lack.
    return shutil.which("mosquitto", path=f"{environment.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


def run_mosquitto(program: str, port: int) -> Never:
    """Become mosquitto: same process, so that stop signals and limits reach it."""
    RUN.mkdir(parents=True, exist_ok=True)
    text = MOSQUITTO_CONF.format(port=port, host=HOST, run=RUN.resolve())
    if os.geteuid() == 0:
        text += "user root\n"  # else it changes to a user who may not write in run/
    configuration = RUN / "mosquitto.conf"
    configuration.write_text(text, encoding="utf-8")
    os.execv(program, [program, "-c", str(configuration)])  # noqa: S606 - the purpose


async def run_amqtt(port: int) -> None:
    """Serve with the embedded broker until SIGTERM or SIGINT."""
    from amqtt.broker import Broker  # noqa: PLC0415 - only installed with the extra `demo`

    configuration = {
        "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    broker = Broker(configuration)
    await broker.start()
    LOG.warning("embedded amqtt broker on %s:%d: good for a look, not for a guarantee", HOST, port)
    await stop.wait()
    await broker.shutdown()


def main() -> int:
    """Run the broker that is asked for, or the better one there is."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    port = int(os.environ.get("BROKER_PORT", "1883"))
    program = mosquitto(os.environ)
    if program is not None:
        run_mosquitto(program, port)
    if os.environ.get("TIWATER_BROKER") == "mosquitto":
        LOG.error("mosquitto is not installed: install the package mosquitto")
        return os.EX_UNAVAILABLE
    try:
        asyncio.run(run_amqtt(port))
    except ModuleNotFoundError:
        LOG.error("no broker: install the package mosquitto, or %s -m pip install amqtt", sys.executable)  # noqa: TRY400
        return os.EX_UNAVAILABLE
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
