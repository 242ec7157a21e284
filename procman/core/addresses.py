"""The kinds of addresses, URLs and topic filters. No message repeats a URL: it may hold a password."""

from __future__ import annotations

import re

from procman.core.document import Scalar
from procman.core.kinds import Fault, ScalarKind
from procman.core.manifest import Address
from procman.core.mqtt import MAX_PORT, filter_fault, normalize_broker
from procman.core.scalars import plain_text
from procman.core.words import shown

_PORT = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = rf"(?:{_LABEL}\.)*[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?"
_LITERAL = rf"(?:{_OCTET}(?:\.{_OCTET}){{3}}|\[[0-9A-Fa-f:.]{{2,45}}\]|localhost)"
_USUAL = ("127.0.0.1", "0.0.0.0", "localhost")  # noqa: S104 - names, nothing is bound
_LISTEN = rf"{_LITERAL}:{_PORT}"
_BROKER = (
    rf"(?:mqtts?|tcp|ssl|wss?)://(?:[^/?#\s]*@)?(?:\[[0-9A-Fa-f:.]{{2,45}}\]|[^/?#@:\s\[\]]+)(?::{_PORT})?(?:[/?#]\S*)?"
)
_DATABASE = r"[^\s\u0000](?:[^\u0000\n\r]*[^\s\u0000])?"


ADDRESS_FORMS = "HOST:PORT, such as 127.0.0.1:3000 or [::1]:3000, with a port from 1 to 65535"


def address() -> ScalarKind[Address]:
    """Return the kind of an address to listen on."""
    return ScalarKind("an address", ADDRESS_FORMS, _address, {"type": "string", "pattern": f"^{_LISTEN}$"})


def broker() -> ScalarKind[str]:
    """Return the kind of a broker's URL. Its faults never repeat it: it may hold a password."""
    forms = "mqtt://HOST[:PORT], or mqtts, tcp, ssl, ws, wss"

    def parse(scalar: Scalar) -> str:
        url = plain_text(scalar, "a broker URL")
        try:
            normalize_broker(url)
        except ValueError:
            raise Fault("this is not the URL of an MQTT broker") from None
        scheme, _, rest = url.partition("://")
        host, _, port = rest.partition(":")
        if not (scheme in ("mqtt", "mqtts") and _is_usual(host, port)) and not re.fullmatch(_BROKER, url):
            raise Fault("this is not the URL of an MQTT broker")
        return url

    return ScalarKind("a broker URL", forms, parse, {"type": "string", "pattern": f"^{_BROKER}$"})


def database() -> ScalarKind[str]:
    """Return the kind of a database: a URL or a path. Its faults never repeat it: it may hold a password."""
    forms = "a URL such as postgresql://HOST/NAME, or the path of an SQLite file"

    def parse(scalar: Scalar) -> str:
        url = plain_text(scalar, "a database")
        if not re.fullmatch(_DATABASE, url):
            raise Fault("this is neither the URL of a database nor a path")
        return url

    return ScalarKind("a database", forms, parse, {"type": "string", "pattern": f"^{_DATABASE}$"})


def topic() -> ScalarKind[str]:
    """Return the kind of an MQTT topic filter."""
    forms = "a topic filter such as tiwater/+/data or tiwater/#"

    def parse(scalar: Scalar) -> str:
        value = plain_text(scalar, "a topic filter")
        fault = filter_fault(value)
        if fault is not None:
            raise Fault(f"{shown(value)} is not a topic filter: {fault}")
        return value

    pattern = r"^(?:\$share/[^/+#]+/)?(?!\$share/)(?:[^+#\u0000/]*|\+)(?:/(?:[^+#\u0000/]*|\+))*(?:(?<![^/])#)?$"
    return ScalarKind("a topic filter", forms, parse, {"type": "string", "minLength": 1, "pattern": pattern})


def _address(scalar: Scalar) -> Address:
    value = scalar.text
    host, _, port = value.rpartition(":")
    if not (_is_usual(host, port) or re.fullmatch(_LISTEN, value)):
        number = re.fullmatch(r"(?:\*|:)?:?([0-9]{1,5})", value)
        guess = f"did you mean 127.0.0.1:{number[1]}? An address is HOST:PORT" if number else ""
        if re.fullmatch(f"{_NAME}:{_PORT}", value):
            raise Fault(
                f"{shown(value)} names a host, and no name but localhost is looked up",
                f"write the address to listen on: 127.0.0.1:{port}, or 0.0.0.0:{port} for every network",
            )
        raise Fault(f"{shown(value)} is not an address", guess)
    if host.startswith("["):
        host = host[1:-1]
        _ipv6(host)
    return Address(host, int(port))


def _is_usual(host: str, port: str) -> bool:
    """Tell whether this is what nearly all write: it is read without the pattern, which takes 1 ms to compile."""
    return host in _USUAL and port.isascii() and port.isdigit() and port[0] != "0" and int(port[:6]) <= MAX_PORT


def _ipv6(host: str) -> None:
    import ipaddress  # noqa: PLC0415 - few manifests listen on IPv6, and it costs milliseconds

    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        raise Fault(f"{shown(host)} is not an IPv6 address") from None
