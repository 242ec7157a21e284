"""What is read of a machine for `doctor`: file systems, limits, the clock, counters, other managers. Decides nothing.

`root` is the folder that another machine's files lie in.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import socket
import stat
from collections.abc import Iterable, Iterator

from procman.core.vitals import Disk

UNSYNCHRONISED = 0x40
"""STA_UNSYNC of adjtimex(2)."""

_UNITS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system")


def disk(path: str) -> Disk:
    """Return what is free on the file system of `path`, or of the nearest folder above that exists."""
    while not os.path.exists(path):  # noqa: PTH110
        path = os.path.dirname(path)  # noqa: PTH120
    found = os.statvfs(path)
    return Disk(path, found.f_bavail * found.f_frsize, found.f_favail if found.f_files else None)


def open_files() -> tuple[int, int]:
    """Return how many files a process may have open: now, and at most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _finite(soft), _finite(hard)


def processes() -> int | None:
    """Return how many processes and threads this user may have; None for no limit, as for root."""
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    return None if hard == resource.RLIM_INFINITY or os.geteuid() == 0 else hard


def synchronised() -> bool | None:
    """Return whether the kernel takes its clock for synchronised; None when it cannot be asked."""
    buffer = ctypes.create_string_buffer(512)  # struct timex, all zero: only ask
    try:
        state = ctypes.CDLL(None).adjtimex(buffer)
    except (AttributeError, OSError):
        return None
    status = ctypes.c_int.from_buffer(buffer, 5 * ctypes.sizeof(ctypes.c_long)).value
    return None if state < 0 else not status & UNSYNCHRONISED


def oom_kills(root: str = "") -> int:
    """Return how many processes the kernel's OOM killer has ended since boot, for groups or for the machine."""
    match = re.search(r"^oom_kill (\d+)$", _read(f"{root}/proc/vmstat"), re.MULTILINE)
    return int(match[1]) if match else 0


def reach(host: str, port: int, within: float = 2.0) -> str | None:
    """Return why nobody accepts a connection at `host`:`port` in time, or None."""
    try:
        socket.create_connection((host, port), timeout=within).close()
    except (OSError, UnicodeError) as error:
        return str(getattr(error, "strerror", None) or error) or "no answer"
    return None


def too_open(paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return which of `paths` others may use, and which are not ours; what is not there is neither."""
    loose, foreign = [], []
    for path in paths:
        try:
            found = os.lstat(path)
        except OSError:
            continue
        if os.geteuid() not in (0, found.st_uid):
            foreign.append(path)
        elif stat.S_IMODE(found.st_mode) & 0o077 and not stat.S_ISLNK(found.st_mode):
            loose.append(path)
    return loose, foreign


def pm2_dumps(homes: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (dump file, name, script) of each process that PM2 has saved, to start it again at boot."""
    for home in homes:
        path = f"{home}/.pm2/dump.pm2"
        try:
            rows = json.loads(_read(path) or "[]")
        except (ValueError, RecursionError):
            continue
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and isinstance(row.get("pm_exec_path"), str):
                yield path, str(row.get("name")), os.path.realpath(row["pm_exec_path"])


def units(root: str = "") -> Iterator[tuple[str, str]]:
    """Yield (name, text) of each systemd unit that somebody put on this host; those of packages are left out."""
    for folder in _UNITS:
        try:
            names = sorted(os.listdir(f"{root}{folder}"))  # noqa: PTH208
        except OSError:
            continue
        yield from ((name, _read(f"{root}{folder}/{name}")) for name in names if name.endswith(".service"))


def _finite(limit: int) -> int:
    return (1 << 30) if limit == resource.RLIM_INFINITY else limit


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read(4 << 20)
    except OSError:
        return ""
