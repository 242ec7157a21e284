"""Where a service can listen, and how one listening socket is made. Keeps nothing.

Nothing here waits: host names are not looked up, and the one connection made is to a unix socket of this host.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import NamedTuple

from procman.runtime import loop, unix_sockets
from procman.runtime.exits import CONFIG, Refused

BACKLOG = 4096
_LOCALHOST = "127.0.0.1"
_EVERY = {"0.0.0.0": _LOCALHOST, "::": "::1"}  # noqa: S104 - compared, not bound
_TCP_INFO_BYTES = 104
_QUEUED = 24
"""Where tcp_info of a listener has the length of its accept queue (tcpi_unacked)."""


class Address(NamedTuple):
    """A TCP address: a literal host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return ``127.0.0.1:3000`` or ``[::1]:3000``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def reachable(self) -> tuple[str, int]:
        """Return where this host can connect to it."""
        return _EVERY.get(self.host, self.host), self.port


class Path(NamedTuple):
    """A unix socket: `owner` and `group` are ids, -1 for those of supervisord."""

    path: str
    mode: int = 0o660
    owner: int = -1
    group: int = -1

    def __str__(self) -> str:
        """Return ``unix:/run/app.sock``."""
        return f"unix:{self.path}"


Where = Address | Path


def where(text: str) -> Where:
    """Return the place in a ``listen`` record: ``PORT HOST`` or ``unix MODE OWNER GROUP PATH``; Refused otherwise."""
    first, _, rest = text.partition(" ")
    if first == "unix":
        return _path(rest)
    return address(rest, first)


def address(host: str, port: str) -> Address:
    """Return the address to bind; Refused when it is not one. No name but localhost is looked up: that may block."""
    literal = _LOCALHOST if host == "localhost" else host
    family = _family(literal)
    try:
        socket.inet_pton(family, literal.partition("%")[0] if family == socket.AF_INET6 else literal)
        number = int(port)
    except (OSError, ValueError):
        number = 0
    if not 0 < number < 1 << 16:
        raise Refused(CONFIG, f"cannot listen on {host}:{port}: write a literal address or localhost, and a port")
    return Address(literal, number)


def listening(place: Where, least: int, *, alone: bool) -> socket.socket:
    """Return a new listening socket at `place`, at a descriptor from `least` on; OSError as of bind(2).

    `alone`: the first bind is exclusive, so that a stranger on the address is an error and not a partner.
    """
    if isinstance(place, Path):
        return _listening_at(place, least)
    sock = socket.socket(_family(place.host), socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0 if alone else 1)
        sock.bind(place)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock = socket.socket(fileno=loop.high(sock.detach(), least))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def queued(sock: socket.socket) -> int:
    """Return how many connections wait in the accept queue of a TCP listener; 0 where that cannot be seen."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:
        return 0
    return int(struct.unpack_from("=I", info, _QUEUED)[0])


def deepen(sock: socket.socket) -> None:
    """Give the backlog its size again: the program's own listen(2) has made it as small as the program wants it."""
    with contextlib.suppress(OSError):
        sock.listen(BACKLOG)


def remove(place: Where) -> None:
    """Remove the name of a unix socket."""
    if isinstance(place, Path):
        unix_sockets.remove(place.path)


def family_of(place: Where) -> socket.AddressFamily:
    """Return the family of sockets at `place`."""
    return socket.AF_UNIX if isinstance(place, Path) else _family(place.host)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _path(text: str) -> Path:
    try:
        mode, owner, group, path = text.split(" ", 3)
        place = Path(path, int(mode, 8), int(owner), int(group))
    except ValueError:
        place = Path("")
    if not place.path.startswith("/"):
        raise Refused(CONFIG, f"cannot listen on unix {text}: it is not MODE OWNER GROUP PATH")
    return place


def _listening_at(place: Path, least: int) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        unix_sockets.bind(sock, place.path, place.mode, place.owner, place.group)
        sock = socket.socket(fileno=loop.high(sock.detach(), least))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
