"""Who on this host has a connection to a broker's port: sockets of /proc/net, and the processes that hold them."""

from __future__ import annotations

import os
from dataclasses import dataclass

ESTABLISHED = b"01"
_REMOTE, _STATE, _INODE = 2, 3, 9


@dataclass(frozen=True, slots=True)
class Connections:
    """`pids` have a connection to the port; of `unknown` more it cannot be seen whose they are."""

    pids: tuple[int, ...]
    unknown: int


def to_port(*ports: int) -> Connections:
    """Return who is connected to one of the TCP `ports`, wherever that is; the broker's own ends are left out."""
    wanted = {f"socket:[{inode}]" for table in ("tcp", "tcp6") for inode in _sockets(table, ports)}
    seen: dict[str, set[int]] = {}
    for name in os.listdir("/proc") if wanted else ():  # noqa: PTH208
        if name.isdigit():
            for socket in wanted & _held(name):
                seen.setdefault(socket, set()).add(int(name))
    pids = {pid for owners in seen.values() for pid in owners}
    return Connections(tuple(sorted(pids)), len(wanted - set(seen)))


def _sockets(table: str, ports: tuple[int, ...]) -> list[int]:
    try:
        with open(f"/proc/net/{table}", "rb") as file:  # noqa: PTH123
            rows = [line.split() for line in file.readlines()[1:]]
    except OSError:
        return []
    endings = tuple(b":%04X" % port for port in ports)
    return [
        int(r[_INODE]) for r in rows if len(r) > _INODE and r[_STATE] == ESTABLISHED and r[_REMOTE].endswith(endings)
    ]


def _held(pid: str) -> set[str]:
    found = set()
    try:
        for descriptor in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
            try:
                found.add(os.readlink(f"/proc/{pid}/fd/{descriptor}"))  # noqa: PTH115
            except OSError:
                continue
    except OSError:
        return found
    return found
