"""Reads what the kernel says of processes and listening sockets under /proc. Decides nothing, keeps nothing."""

from __future__ import annotations

import os
import time

from procman.runtime import procfs

_LISTEN = "0A"
_LOCAL, _STATE, _INODE = 1, 3, 9
_TABLE_BYTES = 64 << 10
_SEARCH_SECONDS = 0.02


def start_ticks(pid: int) -> int | None:
    """Return when process `pid` started, in clock ticks since boot, or None."""
    found = procfs.status(pid)
    return None if found is None else int(found[3])


def parent(pid: int) -> int | None:
    """Return the pid of the parent of `pid`, or None when there is no such process."""
    found = procfs.status(pid)
    return None if found is None else found[1]


def listener(port: int) -> str | None:
    """Return "process PID (NAME)" for who listens on TCP `port`, or None when it is not found in 20 ms.

    Called inside supervisord, which must not wait: the socket tables list listeners first, so the first 64 KiB
    do, and the search through other processes' descriptors has a deadline.
    """
    inodes = {f"socket:[{inode}]" for table in ("tcp", "tcp6") for inode in _listening(table, port)}
    deadline = time.monotonic() + _SEARCH_SECONDS
    pids = [name for name in os.listdir("/proc") if name.isdigit()] if inodes else []
    for pid in pids:
        if time.monotonic() > deadline:
            return None
        if _holds(pid, inodes):
            return f"process {pid} ({_name(pid)})"
    return None


def listening_inodes(port: int) -> list[int]:
    """Return the inodes of what listens on TCP `port`, whoever has them."""
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


def _holds(pid: str, inodes: set[str]) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        return any(_target(f"{folder}/{fd}") in inodes for fd in os.listdir(folder))
    except OSError:
        return False


def _target(link: str) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def _name(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "?"
