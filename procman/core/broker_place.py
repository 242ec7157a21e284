"""Where a broker is, what says that it is the right one, and what a failed connection means, in words. Pure."""

from __future__ import annotations

from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class BrokerPlace:
    """`url` may hold a password. `ca`: the whole path of the authorities that are trusted; None: the system's."""

    url: str
    ca: str | None = None


# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_VERDICTS = {
    9: ("its certificate is not valid yet", "see the clocks of both hosts"),
    10: ("its certificate has expired", "renew the broker's certificate, and have the broker load it"),
    18: ("its certificate is signed by itself", "name the file with it under `consumes.ca`"),
    19: ("an authority of its chain is not known here", "name the file of that authority under `consumes.ca`"),
    20: ("its authority is not known here", "name the file of that authority under `consumes.ca`"),
    21: ("its authority is not known here", "name the file of that authority under `consumes.ca`"),
    62: ("its certificate is for another name", "connect by a name that stands in the certificate"),
    64: ("its certificate is for another address", "connect by a name or an address that stands in the certificate"),
}


def untrusted(code: int, words: str) -> tuple[str, str]:
    """Return what is wrong with a certificate that was refused, and the next step; `code` is OpenSSL's."""
    usual = (f"its certificate is not trusted: {words}", "see the broker's certificate with openssl s_client")
    return _VERDICTS.get(code, usual)


def no_tls(scheme: str) -> tuple[str, str]:
    """Return what it means that what answers does not speak TLS, and the next step."""
    plain = "ws" if scheme == "wss" else "mqtt"
    return "what answers there does not speak TLS", f"name a port with TLS, or write {plain}:// where there is none"


def no_websocket(scheme: str) -> tuple[str, str]:
    """Return what it means that a websocket was not opened, and the next step."""
    other = "mqtts" if scheme == "wss" else "mqtt"
    advice = f"name a port and a path for websockets (mosquitto: protocol websockets), or write {other}://"
    return "it opens no websocket there", advice


def silent(scheme: str) -> str:
    """Return the next step when the connection is closed before the broker has answered."""
    secure = {"mqtt": "mqtts", "tcp": "ssl", "ws": "wss"}.get(scheme)
    return f"see the broker's log; a port with TLS wants {secure}://" if secure else "see the broker's log"
