"""The control groups around us, v1 and v2: memory limits and processor quotas on the way up. Decides nothing.

A cgroup is bounded by every group above it as well, so each is read up to the root of what is mounted. In a container
the mount begins at the container's own group while ``/proc/self/cgroup`` may name the whole path: mountinfo has both.
"""

from __future__ import annotations

import os

from procman.core.machine import Level
from procman.core.values import dataclass

UNLIMITED = 1 << 60
"""v1 writes "no limit" as the largest number of pages (PAGE_COUNTER_MAX), 0x7ffffffffffff000 with 4 KiB pages."""

OWN = "procman."
"""Before the pid of a manager: its group, in which its services have theirs (`runtime.cgroup`)."""

_DEFAULT = {"": "/sys/fs/cgroup", "memory": "/sys/fs/cgroup/memory", "cpu": "/sys/fs/cgroup/cpu"}


@dataclass(frozen=True, slots=True)
class _Mount:
    """Where a hierarchy is seen: the group `root` of it lies at the folder `point`. v2 has the controller ""."""

    controllers: frozenset[str]
    root: str
    point: str


def levels(root: str = "", manager: str = "") -> tuple[Level, ...]:
    """Return every memory limit that applies to us, with what is used below it.

    `manager`: the pid of the project's own. What starts is started in its group, so the limits are those of that one;
    where it cannot be seen they are ours, without what it grants to the service that we are run by.
    """
    found: list[Level] = []
    for folder in _ways_up("", root, manager):
        current = _number(f"{folder}/memory.current") or 0
        used = max(0, current - _stat(f"{folder}/memory.stat", "inactive_file"))
        for name in ("memory.max", "memory.high"):
            limit = _number(f"{folder}/{name}")
            if limit is not None:
                found.append(Level(limit, used, f"cgroup limit, {name}"))
    for folder in _ways_up("memory", root, manager):
        current = _number(f"{folder}/memory.usage_in_bytes") or 0
        used = max(0, current - _stat(f"{folder}/memory.stat", "total_inactive_file"))
        limits = [_number(f"{folder}/memory.limit_in_bytes"), _hierarchical(folder)]
        known = [limit for limit in limits if limit is not None and limit < UNLIMITED]
        if known:
            found.append(Level(min(known), used, "cgroup limit, memory.limit_in_bytes"))
    return tuple(found)


def cpu_quotas(root: str = "") -> list[tuple[int, int]]:
    """Return every (quota, period) of processor time that bounds us, in microseconds."""
    found = []
    for folder in _ways_up("", root):
        words = _read(f"{folder}/cpu.max").split()
        if len(words) == 2 and all(word.isdigit() for word in words):  # noqa: PLR2004 - quota and period
            found.append((int(words[0]), int(words[1])))
    for folder in _ways_up("cpu", root):
        quota, period = (_number(f"{folder}/cpu.cfs_{name}_us") for name in ("quota", "period"))
        if quota and period:
            found.append((quota, period))
    return [(quota, period) for quota, period in found if period]


def _ways_up(controller: str, root: str, manager: str = "") -> list[str]:
    """Return the folders of our group and of all above it that can be seen, in the hierarchy of `controller`."""
    path = (_membership(controller, root, manager) if manager else None) or _membership(controller, root)
    if path is None:
        return []
    folders = []
    for mount in _mounts(controller, root):
        base = f"{root}{mount.point}".rstrip("/")
        group = path
        if mount.root != "/":
            group = path.removeprefix(mount.root) if f"{path}/".startswith(f"{mount.root}/") else ""
        parts = [part for part in group.split("/") if part not in ("", "..")]
        own = [f"{part}.".startswith(f"{OWN}{manager}.") for part in parts] if manager else []
        parts = parts[: own.index(True)] if True in own else parts
        folders += ["/".join([base, *parts[:depth]]) for depth in range(len(parts), -1, -1)]
    return list(dict.fromkeys(folders))


def _membership(controller: str, root: str, pid: str = "self") -> str | None:
    """Return the path of the group of `pid`; lines of ``/proc/self/cgroup`` are ``ID:CONTROLLERS:PATH``."""
    for line in _read(f"{root}/proc/{pid}/cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controller == controllers or (controller and controller in controllers.split(",")):
            return path
    return None


def _mounts(controller: str, root: str) -> list[_Mount]:
    found = []
    for line in _read(f"{root}/proc/self/mountinfo").splitlines():
        head, _, tail = line.partition(" - ")
        fields, kind = head.split(" "), tail.split(" ")
        if len(fields) < 5 or kind[0] not in ("cgroup", "cgroup2"):  # noqa: PLR2004 - proc_pid_mountinfo(5)
            continue
        names = frozenset(kind[-1].split(",")) if kind[0] == "cgroup" else frozenset({""})
        found.append(_Mount(names, fields[3], fields[4]))
    usual = _Mount(frozenset({controller}), "/", _DEFAULT[controller])
    return [mount for mount in found if controller in mount.controllers] or [usual]


def _hierarchical(folder: str) -> int | None:
    """Return the limit that v1 says applies with all groups above, which a container may not see otherwise."""
    return _stat(f"{folder}/memory.stat", "hierarchical_memory_limit") or None


def _stat(path: str, name: str) -> int:
    for line in _read(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.isdigit():
            return int(value)
    return 0


def _number(path: str) -> int | None:
    text = _read(path).strip()
    return int(text) if text.isdigit() else None


def _read(path: str) -> str:
    if not os.path.exists(path):  # noqa: PTH110 - most groups lack most files
        return ""
    try:
        with open(path, encoding="ascii", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""
