"""What this machine has: RAM, the cgroup's limit on it, and swap. Reads psutil and cgroup files, decides nothing."""

from __future__ import annotations

from pathlib import Path

from procman.core.machine import Machine

CGROUP_ROOT = Path("/sys/fs/cgroup")


def this_machine(cgroup_file: str = "/proc/self/cgroup", root: Path = CGROUP_ROOT) -> Machine:
    """Return the RAM that applies here: the physical RAM, or the tightest cgroup limit below it. Sizes in bytes."""
    import psutil  # noqa: PLC0415 - 30 ms, not needed by `status`

    physical = psutil.virtual_memory().total
    swap = psutil.swap_memory().total
    limits = cgroup_limits(Path(cgroup_file).read_text(), root)
    if limits and min(limits) < physical:
        return Machine(ram=min(limits), swap=swap, source="cgroup limit")
    return Machine(ram=physical, swap=swap, source="physical RAM")


def cgroup_limits(membership: str, root: Path = CGROUP_ROOT) -> list[int]:
    """Return every memory limit on the way from our cgroup to the root, v1 or v2, in bytes.

    `membership` is the text of ``/proc/self/cgroup``: lines of ``ID:CONTROLLERS:PATH`` (cgroups(7)).
    """
    limits: list[int] = []
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            for base in (root, root / "unified"):
                limits += _walk(base, path, "memory.max")
        elif "memory" in controllers.split(","):
            limits += _walk(root / "memory", path, "memory.limit_in_bytes")
    return limits


def _walk(base: Path, path: str, name: str) -> list[int]:
    folder = base / path.lstrip("/")
    found = []
    while True:
        value = _limit(folder / name)
        if value is not None:
            found.append(value)
        if folder in (base, folder.parent) or base not in folder.parents:
            return found
        folder = folder.parent


def _limit(file: Path) -> int | None:
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
