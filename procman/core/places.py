"""Where a service listens besides one TCP address: unix sockets, and several places at once."""

from __future__ import annotations

from posixpath import join, normpath

from procman.core.values import dataclass, replace

LONGEST = 107
"""Bytes of the path of a unix socket that the kernel takes (sockaddr_un)."""

MODE = 0o660


@dataclass(frozen=True, slots=True)
class Address:
    """A TCP address to listen on. `host` is an IPv4 or IPv6 literal without brackets, or a name."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return the form of the manifest: ``127.0.0.1:3000`` or ``[::1]:3000``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """A unix socket. `owner` is ``USER`` or ``USER:GROUP``; `ids` are theirs on the host, -1 for those of procman."""

    path: str
    mode: int = MODE
    owner: str | None = None
    ids: tuple[int, int] = (-1, -1)

    def __str__(self) -> str:
        """Return the form of the manifest: ``unix:/run/api.sock``."""
        return f"unix:{self.path}"


Place = Address | UnixSocket


def record(place: Place) -> str:
    """Return the form of a spec file: ``3000 127.0.0.1``, or ``unix 660 -1 -1 /run/api.sock``."""
    if isinstance(place, Address):
        return f"{place.port} {place.host}"
    return f"unix {place.mode:o} {place.ids[0]} {place.ids[1]} {place.path}"


def from_record(text: str) -> Place:
    """Return what `record` wrote; ValueError when it is something else."""
    first, _, rest = text.partition(" ")
    if first != "unix":
        return Address(rest, int(first))
    mode, owner, group, path = rest.split(" ", 3)
    return UnixSocket(path, int(mode, 8), ids=(int(owner), int(group)))


def located(place: Place, base: str, owners: dict[str, tuple[int, int]]) -> Place:
    """Return `place` with an absolute path and with ids; `owners` are those that the host knows."""
    if isinstance(place, Address):
        return place
    ids = owners.get(place.owner or "", (-1, -1))
    return replace(place, path=normpath(join(base, place.path)), owner=None, ids=ids)
