"""Tells from outside whether a process waits for connections on a listening socket. Reads /proc, keeps nothing.

An epoll set that holds the socket, a thread that blocks in accept(2), or one that sleeps in select(2) or poll(2) with
the socket among what it waits for: /proc/PID/syscall has where the list lies, /proc/PID/mem the list. ("Holds the
socket and sleeps" is wrong: hypercorn's master does.)
"""

from __future__ import annotations

import os
import struct

from procman.runtime import processor, procfs

EPOLL = "anon_inode:[eventpoll]"
_ACCEPTING = (b"inet_csk_accept", b"unix_accept", b"__skb_wait_for_more_packets")
_SELECT, _POLL = "select", "poll"
_CALLS = {
    "x86_64": {7: _POLL, 23: _SELECT, 270: _SELECT, 271: _POLL},
    "aarch64": {72: _SELECT, 73: _POLL},
    "riscv64": {72: _SELECT, 73: _POLL},
    "arm": {142: _SELECT, 168: _POLL, 335: _SELECT, 336: _POLL, 413: _SELECT, 414: _POLL},
    "i386": {142: _SELECT, 168: _POLL, 308: _SELECT, 309: _POLL, 413: _SELECT, 414: _POLL},
}
"""poll, select, pselect6 and ppoll, by their numbers; those of 32 bits have two more, for a longer time."""
_ARGUMENTS = 6
_MOST = 4096
_POLLFD = struct.Struct("=ihh")
_POLLIN = 1


def waits(pid: int, inode: int) -> bool:
    """Tell whether `pid` is seen to wait for connections on the listening socket `inode`."""
    held, polls = _descriptors(pid, inode)
    if not held:
        return False
    if any(_watches(pid, descriptor, inode) for descriptor in polls):
        return True
    return any(_accepts(pid, thread) or _selects(pid, thread, held) for thread in _names(f"/proc/{pid}/task"))


def holds(pid: int, inode: int) -> bool:
    """Tell whether `pid` has the socket `inode` open."""
    return bool(_descriptors(pid, inode)[0])


def children() -> dict[int, list[int]]:
    """Return the children of every process that has some: one pass over the process table, some milliseconds."""
    found: dict[int, list[int]] = {}
    for pid in procfs.pids():
        now = procfs.status(pid)
        if now is not None:
            found.setdefault(now[1], []).append(pid)
    return found


def tree(pid: int, table: dict[int, list[int]]) -> list[int]:
    """Return `pid` and all its descendants in `table`, parents first."""
    members = [pid]
    for member in members:
        members += table.get(member, ())
    return members


def _descriptors(pid: int, inode: int) -> tuple[list[int], list[str]]:
    """Return which descriptors of `pid` are the socket `inode`, and which are epoll sets."""
    held, polls = [], []
    wanted = f"socket:[{inode}]"
    for name in _names(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue
        if target == wanted:
            held.append(int(name))
        elif target == EPOLL:
            polls.append(name)
    return held, polls


def _watches(pid: int, descriptor: str, inode: int) -> bool:
    for line in (procfs.read(f"/proc/{pid}/fdinfo/{descriptor}") or b"").splitlines():
        if line.startswith(b"tfd:"):
            number = line.partition(b" ino:")[2].split()
            if number and int(number[0], 16) == inode:
                return True
    return False


def _accepts(pid: int, thread: str) -> bool:
    return (procfs.read(f"/proc/{pid}/task/{thread}/wchan") or b"").partition(b".")[0] in _ACCEPTING


def _selects(pid: int, thread: str, held: list[int]) -> bool:
    """Tell whether `thread` sleeps in select or poll with one of the descriptors `held` to read from."""
    words = (procfs.read(f"/proc/{pid}/task/{thread}/syscall") or b"").split()
    kind = (
        _CALLS.get(processor.calls(), {}).get(int(words[0])) if len(words) > _ARGUMENTS and words[0].isdigit() else None
    )
    if kind is None:
        return False
    first, second = int(words[1], 16), int(words[2], 16)
    if kind == _SELECT:
        bits = _memory(pid, second, (min(first, _MOST) + 7) // 8)
        return any(fd // 8 < len(bits) and bits[fd // 8] >> fd % 8 & 1 for fd in held)
    rows = _memory(pid, first, min(second, _MOST) * _POLLFD.size)
    whole = len(rows) // _POLLFD.size * _POLLFD.size
    return any(fd in held and events & _POLLIN for fd, events, _ in _POLLFD.iter_unpack(rows[:whole]))


def _memory(pid: int, address: int, size: int) -> bytes:
    try:
        descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.pread(descriptor, size, address)
    except (OSError, OverflowError):
        return b""
    finally:
        os.close(descriptor)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
