"""The address of an MQTT broker, and what of it may be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class BrokerUrl:
    """Where a broker is; `str()` shows it without the credentials."""

    scheme: str
    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> BrokerUrl:
        """Read mqtt://[user:password@]host[:port][/path], or mqtts, ws, wss; ValueError does not quote the text."""
        parts = urlsplit(text)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError("a broker is written mqtt://host:port; or mqtts, ws, wss")
        try:
            port = parts.port or _DEFAULT_PORTS[parts.scheme]
        except ValueError:
            raise ValueError("the port of the broker is not a number up to 65535") from None
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, parts.hostname, port, _plain(parts.username), _plain(parts.password), path)

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme in ("mqtts", "wss")

    @property
    def websocket(self) -> bool:
        """Whether MQTT is spoken inside a websocket."""
        return self.scheme in ("ws", "wss")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def _plain(text: str | None) -> str | None:
    return None if text is None else unquote(text)
