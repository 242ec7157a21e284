"""The process table: trees and their memory, read from /proc in one pass.

psutil would do, but costs `status` 30 ms of import and a walk of the whole table for each tree.
"""

from __future__ import annotations

import os

PAGE = os.sysconf("SC_PAGE_SIZE")


def parents() -> dict[int, int]:
    """Return the parent of every process that can be seen."""
    table = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            stat = _read(f"/proc/{name}/stat")
            if stat:
                table[int(name)] = int(stat.rpartition(b")")[2].split()[1])
    return table


def tree(pid: int, table: dict[int, int]) -> tuple[int, ...]:
    """Return `pid` and all its descendants in `table`, parents first."""
    children: dict[int, list[int]] = {}
    for child, parent in table.items():
        children.setdefault(parent, []).append(child)
    found = [pid]
    for member in found:
        found.extend(children.get(member, ()))
    return tuple(found)


def memory(pids: tuple[int, ...]) -> int:
    """Return the bytes of RAM of `pids` together: PSS where it can be read, else RSS."""
    return sum(_memory(pid) for pid in pids)


def _memory(pid: int) -> int:
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE if fields else 0


def accepts(pids: tuple[int, ...], inode: int) -> bool:
    """Tell whether one of `pids` waits for connections on the listening socket `inode`.

    Seen from outside, without the program's help: an epoll set that holds the socket, or a thread that blocks in
    accept(2). A server that waits with select(2) is not seen.
    """
    return any(_accepts(pid, inode) for pid in pids)


def _accepts(pid: int, inode: int) -> bool:
    holds, polls = _descriptors(pid, inode)
    if not holds:
        return False
    if any(_watches(pid, descriptor, inode) for descriptor in polls):
        return True
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return False
    return any(_read(f"/proc/{pid}/task/{thread}/wchan") == b"inet_csk_accept" for thread in threads)


def _descriptors(pid: int, inode: int) -> tuple[bool, list[str]]:
    """Return whether `pid` holds the socket `inode`, and its epoll descriptors."""
    holds, polls = False, []
    try:
        descriptors = os.listdir(f"/proc/{pid}/fd")  # noqa: PTH208
    except OSError:
        return False, []
    for descriptor in descriptors:
        try:
            target = os.readlink(f"/proc/{pid}/fd/{descriptor}")  # noqa: PTH115
        except OSError:
            continue
        holds = holds or target == f"socket:[{inode}]"
        if target == "anon_inode:[eventpoll]":
            polls.append(descriptor)
    return holds, polls


def _watches(pid: int, descriptor: str, inode: int) -> bool:
    for line in _read(f"/proc/{pid}/fdinfo/{descriptor}").splitlines():
        if line.startswith(b"tfd:"):
            _, _, number = line.partition(b" ino:")
            if number and int(number.split()[0], 16) == inode:
                return True
    return False


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return b""
