"""The deeds of all singletons that run on this host: one file each, held by who it is about. Read under one guard.

A file that nobody holds says nothing, and is written anew by the next one of its owner. So one descriptor holds a
singleton under every name of its broker, and a start compares itself with all that run.
"""

import posix

from procman.core import deeds
from procman.core.deeds import Clash, Deed
from procman.runtime import lockfiles
from procman.runtime.exits import printable
from procman.runtime.kept import Kept
from procman.runtime.lockfiles import Busy

TYPE_CHECKING = False  # that of `typing` costs as much as everything else here
if TYPE_CHECKING:
    from collections.abc import Iterator

    from procman.runtime.lockfiles import Pardon

SCOPE = "deeds"
"""The folder: no broker has this name, since a broker's has a port."""

PREFIX = "d."
LARGEST = 1 << 23
WRITE = posix.O_WRONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC


def attempt(deed: Deed, pardoned: "Pardon", *, create: bool) -> tuple[list[Kept], list[Busy]]:
    """Try once to hold `deed`. Return ([its lock], []), or ([], what is in the way), as `lockfiles.attempt` does."""
    before = posix.umask(0)  # others must be able to lock here too, whatever the umask of the first
    opened: list[int] = []
    try:
        folder = lockfiles.enter(SCOPE, opened, create=create)
        if folder is None:
            return [], []
        busy, free = [], []
        for name in sorted(name for name in posix.listdir(folder) if name.startswith(PREFIX)):
            rival = _rival(deed, folder, name)
            if rival is None:
                free.append(name)
            elif rival.what and not pardoned(rival):
                busy.append(rival)
        return ([], busy) if busy or not create else ([_take(deed, folder, free)], [])
    finally:
        posix.umask(before)
        for descriptor in reversed(opened):  # the guard after all it guards
            posix.close(descriptor)


def all_of(state: str, unit: str) -> "Iterator[str]":
    """Yield the path of each file that has the deed of `unit` of the project in `state`, held or not."""
    folder = f"{lockfiles.DIRECTORY}/{SCOPE}"
    try:
        names = posix.listdir(folder)
    except OSError:
        return
    for name in sorted(names):
        found = _deed(says(f"{folder}/{name}")) if name.startswith(PREFIX) else None
        if found is not None and (found.state, found.unit) == (state, unit):
            yield f"{folder}/{name}"


def says(path: str) -> bytes:
    """Return what the file at `path` says now; nothing when it is gone."""
    try:
        descriptor = posix.open(path, lockfiles.LOOK)
    except OSError:
        return b""
    try:
        return _read(descriptor)
    except OSError:
        return b""
    finally:
        posix.close(descriptor)


def _rival(deed: Deed, folder: int, name: str) -> Busy | None:
    """Return who holds the file `name`, and what of it is in the way of `deed`, if anything; None when nobody does."""
    descriptor = lockfiles.look_at(folder, name)
    try:
        if lockfiles.is_free(descriptor):
            return None
        record = _read(descriptor)
        theirs = _deed(record)
        clash = (Clash(deeds.UNREADABLE) if theirs is None else deed.clash(theirs)) or Clash("")
        path = lockfiles.path_of(SCOPE, name)
        return Busy(printable(clash.words), descriptor, program=clash.program, record=record, path=path)
    finally:
        posix.close(descriptor)


def _take(deed: Deed, folder: int, free: list[str]) -> Kept:
    """Return the lock on a file that says `deed`: one of `free` that is ours, or a new one."""
    name = next((name for name in free if _is_ours(folder, name)), None) or _made(folder)
    descriptor = lockfiles.look_at(folder, name)
    if not lockfiles.lock(SCOPE, name, descriptor):
        posix.close(descriptor)
        raise lockfiles.Moved  # somebody goes round the guard: look again
    # Written through another descriptor: what the service inherits cannot change it.
    writing = posix.open(name, WRITE, dir_fd=folder)
    try:
        data, at = deed.pack(), 0
        while at < len(data):
            at += posix.pwrite(writing, data[at:], at)
        posix.ftruncate(writing, at)  # afterwards: a full disk has room for what was there before
    finally:
        posix.close(writing)
    return Kept(descriptor, lockfiles.path_of(SCOPE, name))


def _is_ours(folder: int, name: str) -> bool:
    return posix.stat(name, dir_fd=folder, follow_symlinks=False).st_uid == posix.geteuid()


def _made(folder: int) -> str:
    number, names = 0, set(posix.listdir(folder))
    while f"{PREFIX}{number}" in names:
        number += 1
    name = f"{PREFIX}{number}"
    posix.close(posix.open(name, WRITE | posix.O_CREAT | posix.O_EXCL, 0o644, dir_fd=folder))
    return name


def _read(descriptor: int) -> bytes:
    data, part = b"", b" "
    while part and len(data) < LARGEST:
        part = posix.pread(descriptor, 1 << 16, len(data))
        data += part
    return data


def _deed(record: bytes) -> Deed | None:
    try:
        return deeds.read(record)
    except ValueError:
        return None
