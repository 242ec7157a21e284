"""What a service left behind under its supervisord: adopted by it, so found by descent whatever it did to hide. Ended.

Without adoption a process that forks twice, closes its descriptors and wipes its environment falls to pid 1 and is
nobody's. Part of supervisord: nothing here waits, who ends something looks again.
"""

from __future__ import annotations

import contextlib
import os
import signal

from procman.runtime import procfs

MARK = b"PROCMAN_UNIT"
LOOKS = 5
REMEMBERED = 32
"""So many of those that were ended last are kept for the report."""


def adopted(services: set[int], parent: int) -> list[int]:
    """Return the children of `parent` that are none of `services`: orphans of theirs. Zombies are left out.

    One that forks and ends while we look is gone when it is read, and its child is younger than the list: so the list
    is made again until there is nobody new in it.
    """
    seen, found = set(services), []
    for _ in range(LOOKS):
        new = [pid for pid in procfs.children(parent) if pid not in seen]
        if not new:
            break
        seen.update(new)
        pairs = [(pid, procfs.status(pid)) for pid in new]
        found += [pid for pid, now in pairs if now is not None and now[1] == parent and now[0] not in b"ZX"]
    return found


def of_unit(pids: list[int], unit: str, *, unmarked: bool) -> list[int]:
    """Return those of `pids` that carry the mark of `unit`; with `unmarked` also what carries no unit's mark."""
    marks = ((pid, procfs.value(procfs.environ(pid), MARK)) for pid in pids)
    return [pid for pid, mark in marks if mark == unit.encode() or (unmarked and mark is None)]


def named(pid: int) -> str:
    """Return pid and command of `pid`, for a message."""
    return f"{pid} ({procfs.words(pid)})"


def end(pids: list[int]) -> list[int]:
    """Send SIGKILL to `pids` and return those that could be sent one; their own children are adopted next."""
    ended = []
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
            ended.append(pid)
    return ended


def end_descendants(parent: int) -> None:
    """Send SIGKILL to all that descend from `parent`: for its last moment, when none of it is a service any more."""
    children: dict[int, list[int]] = {}
    for pid in procfs.pids():
        now = procfs.status(pid)
        if now is not None:
            children.setdefault(now[1], []).append(pid)
    tree = [*children.get(parent, ())]
    for member in tree:
        tree += children.get(member, ())
    end(tree)
