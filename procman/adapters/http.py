"""One HTTP request to a service of this host. Asks; what the answer means is decided elsewhere."""

from __future__ import annotations

from procman.core.manifest import Address

TIMEOUT = 2.0


def answers(address: Address, path: str) -> bool:
    """Tell whether GET `path` at `address` is answered with a status of 200 to 399 within two seconds."""
    from http.client import HTTPConnection, HTTPException  # noqa: PLC0415 - only services with `ready: {http: ...}` pay

    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)  # noqa: S104
    connection = HTTPConnection(host, address.port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers={"Connection": "close", "User-Agent": "procman"})
        return 200 <= connection.getresponse().status < 400  # noqa: PLR2004
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
