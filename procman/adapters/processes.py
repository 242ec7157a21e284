"""The process table: trees and their memory, read from /proc in one pass.

psutil would do, but costs `status` 30 ms of import and a walk of the whole table for each tree.
"""

from __future__ import annotations

import os

from procman.runtime import procfs

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


def managers_of_others(project: str) -> tuple[tuple[int, int, str], ...]:
    """Return pid, user id and state directory of each manager of a project of this name that another user runs."""
    found = []
    for pid in procfs.pids():
        words = _read(f"/proc/{pid}/cmdline").split(b"\0")
        if b"procman.runtime.supervisord" not in words or b"-c" not in words[:-1]:
            continue
        folder = os.fsdecode(words[words.index(b"-c") + 1]).rpartition("/")[0]
        owner = procfs.owner(pid)
        if folder.rpartition("/")[2] == project and owner not in (None, os.geteuid()):
            found.append((pid, owner or 0, folder))
    return tuple(found)


def _memory(pid: int) -> int:
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE if fields else 0


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return b""
