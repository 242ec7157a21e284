"""What this machine has: RAM, the cgroups' limits on it, huge pages, swap, cores. Reads files, decides nothing.

Sources: proc_meminfo(5), cgroups(7), and the kernel's Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst.
`root` is the folder that ``/proc`` and ``/sys`` lie in, so that another machine's files can be read.
"""

from __future__ import annotations

import os

from procman.adapters.cgroups import cpu_quotas, levels
from procman.core.errors import Failed
from procman.core.machine import Level, Machine, bounded

DECLARED = "budget.ram"


def this_machine(ours: int = 0, declared: int | None = None, root: str = "", manager: str = "") -> Machine:
    """Return what applies here, `ours` being the bytes that the project uses now.

    `manager` is the pid of the project's own, when a service of it asks.

    `declared` is what the manifest grants; it bounds the RAM like a cgroup in which nothing else runs.
    """
    known = meminfo(root)
    hugepages = _hugepages(known)
    physical = known["MemTotal"] - hugepages
    available = known.get("MemAvailable", known.get("MemFree", 0))
    source = "physical RAM less huge pages" if hugepages else "physical RAM"
    bounds = [Level(physical, max(0, physical - available), source), *levels(root, manager)]
    if declared is not None:
        bounds.append(Level(declared, ours, DECLARED))
    swap = known.get("SwapTotal", 0)
    here = Machine(
        ram=physical,
        swap=swap,
        source=source,
        swap_used=swap - known.get("SwapFree", swap),
        hugepages=hugepages,
        cores=cores(root),
    )
    return bounded(here, tuple(bounds), ours)


def meminfo(root: str = "") -> dict[str, int]:
    """Return ``/proc/meminfo`` in bytes; counts, such as HugePages_Total, as they are. Failed without MemTotal."""
    path, known = f"{root}/proc/meminfo", {}
    for line in _read(path).splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdigit():
            known[name] = int(words[0]) * (1024 if words[1:] == ["kB"] else 1)
    if "MemTotal" not in known:
        raise Failed(f"cannot read the size of RAM in {path}", "is /proc mounted? Or name a size with --ram")
    return known


def cores(root: str = "") -> int | None:
    """Return how many processors we may run on at once: our affinity, less where a cgroup's quota is tighter."""
    allowed = None
    for line in _read(f"{root}/proc/self/status").splitlines():
        if line.startswith("Cpus_allowed_list:"):
            allowed = _listed(line.partition(":")[2].strip())
    quotas = [-(-quota // period) for quota, period in cpu_quotas(root)]
    found = [*([allowed] if allowed else []), *quotas]
    return max(1, min(found)) if found else os.cpu_count()


def _hugepages(known: dict[str, int]) -> int:
    """Return the bytes taken by huge pages: of the default size, or of all sizes where the kernel says so (4.15)."""
    default = known.get("HugePages_Total", 0) * known.get("Hugepagesize", 0)
    return max(default, known.get("Hugetlb", 0))


def _listed(text: str) -> int:
    """Return how many numbers a list such as ``0-3,8`` has."""
    total = 0
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdigit():
            total += int(last or first) - int(first) + 1
    return total


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""
