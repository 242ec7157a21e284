"""What the machine has of memory now, and how long processes stalled for it. Reads files, decides nothing.

In a container, or a unit with a limit, that is what its control groups leave: each of them, up to the root that can be
seen, is a machine of its own. `procman.adapters.machine` reads the same for plans.
"""

from __future__ import annotations

import os

from procman.core.pressure import Seen
from procman.runtime import groupfs, procfs

_UNLIMITED = 1 << 60
"""v1 writes "no limit" as the largest number of pages."""

_LIMITS = {
    groupfs.V2: (("memory.max", "memory.high"), "memory.current", b"inactive_file"),
    groupfs.V1: (("memory.limit_in_bytes",), "memory.usage_in_bytes", b"total_inactive_file"),
}


def seen(root: str = "") -> Seen:
    """Return what the tightest of machine and groups has now, by the share that is available.

    Sources: proc_meminfo(5), and the kernel's Documentation/accounting/psi.rst and admin-guide/cgroup-v2.rst.
    """
    known = {}
    for line in (procfs.read(f"{root}/proc/meminfo") or b"").splitlines():
        name, _, rest = line.partition(b":")
        words = rest.split()
        if words and words[0].isdigit():
            known[name] = int(words[0]) * 1024
    machine = (known.get(b"MemTotal", 0), known.get(b"MemAvailable", 0))
    groups, stalls = levels(root), _stalls(f"{root}/proc/pressure/memory")
    total, available = min((machine, *groups), key=lambda level: level[1] / level[0] if level[0] else 1.0)
    if (total, available) != machine:  # what the whole machine stalls for is not for us to mend, and ours may not show
        stalls = max((_stalls(f"{folder}/memory.pressure") for folder in _ways_up(root, "")), default=stalls)
    return Seen(total, available, known.get(b"SwapTotal", 0), known.get(b"SwapFree", 0), *stalls)


def available(root: str = "") -> int:
    """Return how many bytes can be had now on the machine and in each of the groups that this process is in."""
    return max(0, min([seen(root).available, *(left for _, left in levels(root))]))


def levels(root: str = "") -> list[tuple[int, int]]:
    """Return the limit and what is left of it, in bytes, of each control group that bounds this process."""
    found = []
    for version, name in ((groupfs.V2, ""), (groupfs.V1, "memory")):
        limits, usage, cache = _LIMITS[version]
        for folder in _ways_up(root, name):
            used = _number(f"{folder}/{usage}") or 0
            used = max(0, used - _stat(f"{folder}/memory.stat", cache))
            sizes = [_number(f"{folder}/{limit}") for limit in limits]
            if version == groupfs.V1:
                sizes.append(_stat(f"{folder}/memory.stat", b"hierarchical_memory_limit") or None)
            found += [(size, max(0, size - used)) for size in sizes if size is not None and 0 < size < _UNLIMITED]
    return found


def _ways_up(root: str, controller: str) -> list[str]:
    """Return the folders of our group, and of those above it that can be seen, in one hierarchy."""
    own, mounts = groupfs.own(root), groupfs.mounts(root)
    if controller not in own or controller not in mounts:
        return []
    top = f"{root}{mounts[controller]}".rstrip("/")
    folder = f"{top}{own[controller]}".rstrip("/")
    if not os.path.isdir(folder):  # a container is shown its own group only
        return [top]
    found = [folder]
    while len(found[-1]) > len(top):
        found.append(found[-1].rpartition("/")[0])
    return found


def _stalls(path: str) -> tuple[float, float]:
    """Return how long some, and all, stalled lately, in per cent; 0 where that is not known."""
    stalls = {b"some": 0.0, b"full": 0.0}
    for line in (procfs.read(path) or b"").splitlines():
        words = line.split()
        if len(words) > 1 and words[1].startswith(b"avg10="):
            stalls[words[0]] = float(words[1].partition(b"=")[2])
    return stalls[b"some"], stalls[b"full"]


def _number(path: str) -> int | None:
    text = (procfs.read(path) or b"").strip()
    return int(text) if text.isdigit() else None


def _stat(path: str, name: bytes) -> int:
    for line in (procfs.read(path) or b"").splitlines():
        key, _, value = line.partition(b" ")
        if key == name and value.isdigit():
            return int(value)
    return 0
