"""The door to /proc: what a process is, who started it, and what it was told in its environment.

Values are bytes: an environment is bytes. Nothing here decides; `survivors` and `locks` do.
"""

import posix

from procman.runtime.exits import printable

CHUNK = 1 << 14
LARGEST = 8 << 20
SECRETIVE = frozenset(b":@=?& ")
PIDS = 1 << 22
"""The kernel gives none from here on (PID_MAX_LIMIT)."""


def read(path: str) -> bytes | None:
    """Return what `path` holds, or None when it is gone or not ours to read. Never waits for a pipe; 8 MiB at most."""
    try:
        descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
    except OSError:
        return None
    try:
        part = data = posix.read(descriptor, CHUNK)
        while part and len(data) < LARGEST:  # /proc hands out whole records, a page of them at a time: few are no end
            part = posix.read(descriptor, CHUNK)
            data += part
    except OSError:
        return None
    else:
        return data
    finally:
        posix.close(descriptor)


def status(pid: int) -> tuple[bytes, int, int, bytes, int] | None:
    """Return (state, parent, process group, start time in ticks since boot, session) of `pid`, or None."""
    data = read(f"/proc/{pid}/stat")
    if not data:
        return None
    fields = data.rpartition(b")")[2].split()  # the name before it can hold blanks and parentheses
    return fields[0], int(fields[1]), int(fields[2]), fields[19], int(fields[3])


def identity(pid: int) -> bytes | None:
    """Return ``PID.STARTTIME``, which no later process can have again, or None when `pid` is gone or a zombie."""
    found = status(pid)
    if found is None or found[0] in b"ZX":
        return None
    return b"%d.%b" % (pid, found[3])


def lives(recorded: bytes) -> bool:
    """Tell whether the process recorded as ``PID.STARTTIME`` still runs; what cannot be seen is said to live."""
    pid = int(recorded.partition(b".")[0])
    if status(pid) is not None:
        return identity(pid) == recorded
    try:
        posix.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_identity(text: bytes) -> bool:
    """Tell whether `text` is a ``PID.STARTTIME``."""
    pid, dot, start = text.partition(b".")
    return dot == b"." and pid.isdigit() and start.isdigit() and 0 < int(pid) < PIDS


def pids() -> list[int]:
    """Return every process that can be seen."""
    return [int(name) for name in posix.listdir("/proc") if name.isdigit()]


def children(pid: int) -> list[int]:
    """Return the children of `pid`, which has one thread; on a kernel that keeps no list of them, every process."""
    listed = read(f"/proc/{pid}/task/{pid}/children")
    return pids() if listed is None else [int(number) for number in listed.split()]


def environ(pid: int) -> bytes:
    """Return the environment `pid` was started with, each variable between NULs; empty when unreadable or dying."""
    data = read(f"/proc/{pid}/environ")
    return b"\0" + data + b"\0" if data else b""


def value(environment: bytes, name: bytes) -> bytes | None:
    """Return the variable `name` of an `environ`, or None."""
    _, found, rest = environment.partition(b"\0" + name + b"=")
    return rest.partition(b"\0")[0] if found else None


def shares_pids(pid: int) -> bool:
    """Tell whether `pid` counts processes, and time since boot, as we do: else what it recorded means others.

    A container has pids of its own; in another time namespace every start time is shifted.
    """
    return _same_namespace(pid, "pid") and (not _has_times() or _same_namespace(pid, "time"))


def _same_namespace(pid: int, kind: str) -> bool:
    try:
        return posix.readlink(f"/proc/{pid}/ns/{kind}") == posix.readlink(f"/proc/self/ns/{kind}")
    except OSError:
        return False


def _has_times() -> bool:
    """Tell whether this kernel knows time namespaces: from Linux 5.6 on."""
    try:
        posix.readlink("/proc/self/ns/time")
    except OSError:
        return False
    return True


def ancestors(pid: int) -> set[int]:
    """Return `pid` and all it descends from."""
    found: set[int] = set()
    while pid > 0 and pid not in found:
        found.add(pid)
        now = status(pid)
        pid = now[1] if now else 0
    return found


def managed(pid: int, manager: int) -> bool:
    """Tell whether `pid` belongs to a process that `manager` started and still has.

    supervisord makes each child the leader of its own process group, in its own session. A stray that only fell to
    `manager` because that is a subreaper, or pid 1 of a container, keeps the group of a leader that is gone, or has
    made a session for itself.
    """
    seen: set[int] = set()
    while pid > 0 and pid not in seen:
        seen.add(pid)
        now = status(pid)
        if now is None:
            return False
        if now[1] == manager:
            above = status(manager)
            return now[2] == pid and above is not None and now[4] == above[4]
        pid = now[1]
    return False


def words(pid: int) -> str:
    """Return the command of `pid` for a message: see `named`; its short name where it has rewritten its arguments."""
    argv = (read(f"/proc/{pid}/cmdline") or b"").split(b"\0")
    return named(argv) or printable((read(f"/proc/{pid}/comm") or b"?").strip())


def named(argv: list[bytes]) -> str:
    """Return program and script of `argv` as base names, never an option, a URL or an assignment: secrets."""
    plain = [part for part in argv[:2] if part[:1] != b"-" and not set(part) & SECRETIVE]
    return " ".join(printable(part.rpartition(b"/")[2]) for part in plain if part)


def owner(pid: int) -> int | None:
    """Return the user id `pid` runs as, or None when it is gone."""
    try:
        return posix.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


def holds(pid: int, device: int, inode: int) -> bool:
    """Tell whether `pid` holds a flock on the file `device`:`inode`, taken by itself or inherited.

    /proc/locks names only the one who took it. fdinfo says which descriptors carry a lock; which file that is, stat
    says: on overlay file systems the numbers in fdinfo are another layer's.
    """
    try:
        for name in posix.listdir(f"/proc/{pid}/fdinfo"):
            if b"FLOCK" in (read(f"/proc/{pid}/fdinfo/{name}") or b""):
                found = posix.stat(f"/proc/{pid}/fd/{name}")
                if (found.st_dev, found.st_ino) == (device, inode):
                    return True
    except OSError:  # gone, or another user's
        return False
    return False
