"""A paho-mqtt client for one broker, made and not connected; and why a connection failed. paho is an extra."""

from __future__ import annotations

import socket
import ssl
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from procman.adapters import installation
from procman.core.broker_place import BrokerPlace, no_tls, no_websocket, untrusted
from procman.core.checks import Unknown
from procman.core.installation import PAHO
from procman.core.mqtt import door, without_credentials

if TYPE_CHECKING:
    from paho.mqtt.client import Client

SECONDS = 5.0
MOST_IN_FLIGHT = 500
V5 = 5
ENCRYPTED, WEB = ("mqtts", "ssl", "wss"), ("ws", "wss")
NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF_WHILE_READING")


def client(place: BrokerPlace, client_id: str, version: int, *, clean: bool, manual: bool) -> Client:
    """Return a client; Unknown where paho is not installed, or the authorities cannot be read."""
    installation.demand("no broker can be asked", PAHO)
    from paho.mqtt.client import Client  # noqa: PLC0415 - an extra
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion  # noqa: PLC0415 - same

    parts = urlsplit(place.url)
    scheme = parts.scheme.lower()
    made = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if version == V5 else clean,
        protocol=MQTTProtocolVersion(version),
        transport="websockets" if scheme in WEB else "tcp",
        reconnect_on_failure=False,
        manual_ack=manual,
    )
    made.connect_timeout = SECONDS
    made.max_inflight_messages_set(MOST_IN_FLIGHT)
    if scheme in WEB and parts.path:
        made.ws_set_options(path=f"{parts.path}?{parts.query}" if parts.query else parts.path)
    if parts.username:
        made.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
    if scheme in ENCRYPTED:
        made.tls_set_context(_context(place.ca))
    return made


@lru_cache(maxsize=8)
def shake_hands(place: BrokerPlace) -> None:
    """Open TLS to `place` and close it again, once; OSError when it is not trusted.

    paho checks the same with each connection, and leaves the socket open when the check fails.
    """
    if urlsplit(place.url).scheme.lower() in ENCRYPTED:
        host, port = door(place.url)
        with (
            socket.create_connection((host, port), SECONDS) as plain,
            _context(place.ca).wrap_socket(plain, server_hostname=host),
        ):
            pass


def unreachable(place: BrokerPlace, error: Exception) -> Unknown:
    """Return what a failed connection means, and the next step; never with user or password."""
    from paho.mqtt.client import WebsocketConnectionError  # noqa: PLC0415 - an extra

    named, scheme = without_credentials(place.url), urlsplit(place.url).scheme.lower()
    if isinstance(error, ssl.SSLCertVerificationError):
        what, advice = untrusted(error.verify_code, error.verify_message)
        return Unknown(f"{named} is not trusted: {what}", advice)
    if isinstance(error, ssl.SSLError) and error.reason not in NO_TLS:
        return Unknown(f"{named} refuses TLS: {error.reason or 'no reason given'}", "see the broker's log")
    if isinstance(error, ssl.SSLError) or (isinstance(error, ConnectionResetError) and scheme in ENCRYPTED):
        what, advice = no_tls(scheme)
        return Unknown(f"{named}: {what}", advice)
    if isinstance(error, WebsocketConnectionError):
        what, advice = no_websocket(scheme)
        return Unknown(f"{named}: {what}", advice)
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return Unknown(f"{named} cannot be reached: {words}", "see that the broker runs there")


def _context(ca: str | None) -> ssl.SSLContext:
    """Return what trusts the authorities in `ca`, or those of the system; Unknown when they cannot be read."""
    try:
        return ssl.create_default_context(cafile=ca)
    except ssl.SSLError:
        raise Unknown(f"{ca} holds no certificate in PEM form", "name another file under `consumes.ca`") from None
    except OSError as error:
        raise Unknown(f"{ca} cannot be read: {error.strerror}", "name another file under `consumes.ca`") from None
