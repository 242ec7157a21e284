"""Reads what the kernel says of processes and listening sockets under /proc. Decides nothing, keeps nothing."""

from __future__ import annotations

from procman.runtime import procfs

_LISTEN = "0A"
_LOCAL, _STATE, _INODE = 1, 3, 9
_TABLE_BYTES = 64 << 10


def start_ticks(pid: int) -> int | None:
    """Return when process `pid` started, in clock ticks since boot, or None."""
    found = procfs.status(pid)
    return None if found is None else int(found[3])


def parent(pid: int) -> int | None:
    """Return the pid of the parent of `pid`, or None when there is no such process."""
    found = procfs.status(pid)
    return None if found is None else found[1]


def listening_inodes(port: int) -> list[int]:
    """Return the inodes of what listens on TCP `port`, whoever has them.

    The socket tables list listeners first, so their first 64 KiB do.
    """
    return [int(inode) for table in ("tcp", "tcp6") for inode in _listening(table, port)]


def _listening(table: str, port: int) -> list[str]:
    try:
        with open(f"/proc/net/{table}", encoding="ascii", errors="replace") as file:
            rows = [line.split() for line in file.read(_TABLE_BYTES).splitlines()[1:]]
    except OSError:
        return []
    ending = f":{port:04X}"
    whole = [row for row in rows if len(row) > _INODE]
    return [row[_INODE] for row in whole if row[_STATE] == _LISTEN and row[_LOCAL].endswith(ending)]
