"""Who holds a singleton's locks on this host. Asks the very question that the launcher asks, and takes nothing."""

from __future__ import annotations

import os
import stat

from procman.core.spec import Spec, to_records
from procman.runtime import deedfiles, procfs
from procman.runtime import locks as host_locks
from procman.runtime.chain import Launch
from procman.runtime.exits import Refused
from procman.runtime.lockfiles import DIRECTORY, PREFIX, REPAIR, encode, folder_of
from procman.runtime.locks import FREE
from procman.runtime.survivors import ANOTHER, OWN, SURVIVOR, UNKNOWN, Identity

__all__ = [
    "ANOTHER",
    "DIRECTORY",
    "FREE",
    "OWN",
    "REPAIR",
    "UNKNOWN",
    "asked",
    "directory_fault",
    "guard",
    "held_elsewhere",
]

OPEN_TO_ALL = 0o1777


def held_elsewhere(spec: Spec, manager: str = "") -> str | None:
    """Return who holds what `spec` would take, or why that cannot be known; None when a start would get it.

    What a dead manager left behind is no obstacle: the launcher ends it. Nor is what the project's own manager
    (``PID.STARTTIME``) runs: it is stopped before anything is started.
    """
    answer, reason = asked(spec, manager)
    return None if answer in (FREE, SURVIVOR, OWN) else reason


def asked(spec: Spec, manager: str = "") -> tuple[str, str]:
    """Return who has the locks of `spec`, as FREE, OWN, SURVIVOR, ANOTHER or UNKNOWN, and that in words."""
    if not spec.locks:
        return FREE, ""
    wanted = Launch(to_records(spec)).wanted()
    me = Identity(os.fsencode(spec.state), spec.unit.encode(), manager.encode(), wanted)
    try:
        verdict = host_locks.probe(wanted, me)
    except Refused as refused:
        return UNKNOWN, str(refused)
    return verdict.answer, verdict.reason


def guard(spec: Spec, pids: tuple[int, ...]) -> str:
    """Return in one word what keeps a second `spec` away while `pids` run it: ``lock``, ``cookie`` or ``descent``."""
    files = (
        f"{DIRECTORY}/{folder_of(scope)}/{PREFIX}{encode(topic)}"
        for scope, topics in host_locks.by_scope([str(lock) for lock in spec.locks])
        for topic in topics
    )
    deeds = deedfiles.all_of(spec.state, spec.unit)
    if all(_held(path, pids) for path in files) and any(_held(path, pids) for path in deeds):
        return "lock"
    marked = any(procfs.value(procfs.environ(pid), b"PROCMAN_COOKIE") is not None for pid in pids)
    return "cookie" if marked else "descent"


def _held(path: str, pids: tuple[int, ...]) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return any(procfs.holds(pid, found.st_dev, found.st_ino) for pid in pids)


def directory_fault() -> str | None:
    """Return what is wrong with the directory of the locks; None also when it is not there, for a start makes it."""
    try:
        found = os.lstat(DIRECTORY)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not stat.S_ISDIR(found.st_mode):
        return "is no directory"
    mode = stat.S_IMODE(found.st_mode)
    return None if mode == OPEN_TO_ALL else f"has mode {mode:o}: not every user can lock there"
