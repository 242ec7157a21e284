"""Processes that a dead manager of this project left behind: found by their environment, and ended."""

from __future__ import annotations

import os
import time

from procman.core.errors import Failed
from procman.runtime import cgroup, procfs
from procman.runtime import orphans as adoption
from procman.runtime.parent import kill

WITHIN = 5.0
POLL = 0.01


def end_orphans(folder: str) -> tuple[str, ...]:
    """Kill every process of the project in the state directory `folder` whose manager is dead; return who they were.

    For when no manager runs. Failed when one does not die. The caller's own ancestors are never ended: a shell of a
    service may be where procman is run.
    """
    ended: dict[int, str] = {}
    deadline = time.monotonic() + WITHIN
    while found := orphans(folder):
        if time.monotonic() > deadline:
            left = ", ".join(f"{pid} ({procfs.words(pid)})" for pid in found)
            raise Failed(f"these processes do not die: {left}", "they may wait for a disk: see their state in ps -l")
        for pid in found:
            ended.setdefault(pid, procfs.words(pid))
            kill(pid)
        time.sleep(POLL)
    return tuple(f"ended pid {pid} ({name}), left behind by a dead manager" for pid, name in ended.items())


def orphans(folder: str) -> list[int]:
    """Return the processes of the project in `folder` whose manager is dead: by their mark or their control group."""
    mark = b"\0PROCMAN_STATE=" + os.fsencode(folder) + b"\0"
    kin = procfs.ancestors(os.getpid())
    marked = {pid for pid in procfs.pids() if pid not in kin and _is_orphan(pid, mark)}
    return sorted(marked | set(_grouped(folder)) - kin)


def left(folder: str) -> tuple[tuple[int, str], ...]:
    """Return pid and words of each process that a dead manager of the project in `folder` left behind."""
    return tuple((pid, procfs.words(pid)) for pid in orphans(folder))


def _grouped(folder: str) -> list[int]:
    try:
        return [pid for pid in cgroup.left_behind(folder) if procfs.identity(pid) is not None]
    except OSError:  # a group that was removed meanwhile
        return []


def adopted(manager: int) -> tuple[str, ...]:
    """Return in words what the live `manager`, none of whose units runs, has adopted of them; it ends with it."""
    return tuple(map(adoption.named, adoption.adopted(set(), manager)))


def _is_orphan(pid: int, mark: bytes) -> bool:
    environment = procfs.environ(pid)
    if mark not in environment:
        return False
    manager = procfs.value(environment, b"PROCMAN_MANAGER")
    return manager is not None and procfs.is_identity(manager) and procfs.shares_pids(pid) and not procfs.lives(manager)
