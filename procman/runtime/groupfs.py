"""The files of control groups, v1 and v2: where groups for memory can be made, their limits and counts. Keeps nothing.

v2: a group with processes of its own cannot hand memory on to groups below it, so in a delegated group the manager
moves itself, alone, into a leaf. v1: groups go below the manager's own, whose limits then hold as well.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from procman.runtime import procfs

LEAF = "procman-manager"
V1, V2 = 1, 2
_SYSTEMD = (".service", ".scope", ".slice")
_DELEGATED = ("trusted.delegate", "user.delegate")


class Place(NamedTuple):
    """Where groups can be made. `moves`: the manager has to leave the folder's own group first."""

    version: int
    folder: str
    moves: bool = False


def find(root: str = "") -> Place | str:
    """Return where groups for memory can be made, or in words why they cannot."""
    groups, places = own(root), mounts(root)
    if "memory" in groups and "memory" in places:
        folder = f"{root}{places['memory']}{groups['memory']}".rstrip("/")
        if not os.path.isdir(folder):
            folder = f"{root}{places['memory']}"
        return Place(V1, folder) if os.access(folder, os.W_OK) else f"cgroup v1: {folder} is not ours to write"
    if "" in groups and "" in places:
        return _second(f"{root}{places['']}".rstrip("/"), groups[""])
    return "the kernel shows no control group for memory"


def prepare(place: Place, base: str) -> None:
    """Make it so that groups below `base`, a group in `place`, can be limited. OSError as the kernel says."""
    if place.version == V1:
        for folder in (place.folder, base):
            if text(f"{folder}/memory.use_hierarchy") == "0":
                write(f"{folder}/memory.use_hierarchy", "1")
        return
    if "memory" not in words(f"{place.folder}/cgroup.subtree_control"):
        if place.moves:
            os.makedirs(f"{place.folder}/{LEAF}", mode=0o755, exist_ok=True)
            for pid in words(f"{place.folder}/cgroup.procs"):
                write(f"{place.folder}/{LEAF}/cgroup.procs", pid)
        write(f"{place.folder}/cgroup.subtree_control", "+memory")
    write(f"{base}/cgroup.subtree_control", "+memory")


def limit(version: int, folder: str, soft: int | None, hard: int | None) -> None:
    """Give the group `folder` its limit, in bytes; None takes it away. v2 slows it down from `slowing` on."""
    if version == V1:
        write(f"{folder}/memory.limit_in_bytes", "-1" if hard is None else str(hard))
        return
    write(f"{folder}/memory.max", "max" if hard is None else str(hard))
    high = slowing(soft, hard)
    write(f"{folder}/memory.high", "max" if high is None else str(high))
    if os.path.exists(f"{folder}/memory.oom.group"):
        write(f"{folder}/memory.oom.group", "1")  # a tree that has lost one process in the middle is no service


def slowing(soft: int | None, hard: int | None) -> int | None:
    """Return the size from which v2 slows a process down, half way between its limits; None for nowhere."""
    return None if soft is None or hard is None or soft >= hard else (soft + hard) // 2


def used(version: int, folder: str) -> int | None:
    """Return what the group uses now in bytes, or None."""
    return _number(f"{folder}/{'memory.usage_in_bytes' if version == V1 else 'memory.current'}")


def peak(version: int, folder: str) -> int | None:
    """Return the most that the group has used in bytes, or None."""
    return _number(f"{folder}/{'memory.max_usage_in_bytes' if version == V1 else 'memory.peak'}")


def kills(version: int, folder: str) -> int:
    """Return how many processes of the group the kernel has killed for its limit.

    v2 counts the first one of a group that it ends together twice, as Linux 6.1 does, which logs it twice as well.
    """
    found = {"oom_kill": 0, "oom_group_kill": 0}
    name = "memory.oom_control" if version == V1 else "memory.events"
    for line in text(f"{folder}/{name}").splitlines():
        key, _, value = line.partition(" ")
        if key in found and value.isdigit():
            found[key] = int(value)
    return max(found["oom_kill"] - found["oom_group_kill"], min(found["oom_kill"], 1))


def write(path: str, value: str) -> None:
    """Write `value` into a file of a group; OSError names the file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, value.encode())
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        os.close(descriptor)


def text(path: str) -> str:
    """Return what stands in a file of a group; nothing when it is not there."""
    return (procfs.read(path) or b"").decode("ascii", "replace").strip()


def words(path: str) -> list[str]:
    """Return the words in a file of a group."""
    return text(path).split()


def _second(mount: str, path: str) -> Place | str:
    folder = f"{mount}{path}".rstrip("/")
    if not os.path.isdir(folder):
        folder = mount
    if "memory" not in words(f"{folder}/cgroup.controllers"):
        return "cgroup v2: the memory controller is not handed down to the manager's group"
    top = not os.path.exists(f"{folder}/cgroup.type")  # only the very root of all groups has none
    if top:
        return _writable(Place(V2, folder))
    if folder.endswith(_SYSTEMD) and not _delegated(folder):
        if folder.endswith(".service"):
            return "cgroup v2: systemd does not delegate the manager's group; Delegate=yes in its unit does"
        return _beside(mount, folder)
    if "memory" not in words(f"{folder}/cgroup.subtree_control") and _strangers(folder):
        return "cgroup v2: other processes are in the manager's group"
    return _writable(Place(V2, folder, moves=True))


def _beside(mount: str, folder: str) -> Place | str:
    """Return the root of all groups, for root in a login session: no limit above may be evaded by that."""
    if os.geteuid() != 0:
        return "cgroup v2: a login session's group is not delegated; run it as a unit with Delegate=yes"
    above = folder
    while len(above) > len(mount):
        if text(f"{above}/memory.max") not in ("", "max"):
            return f"cgroup v2: {above} has a limit of its own and is not delegated"
        above = above.rpartition("/")[0]
    if os.path.exists(f"{mount}/cgroup.type"):
        return "cgroup v2: the root of all groups cannot be seen from here"
    return _writable(Place(V2, mount))


def _writable(place: Place) -> Place | str:
    return place if os.access(place.folder, os.W_OK) else f"cgroup v2: {place.folder} is not ours to write"


def _strangers(folder: str) -> bool:
    """Tell whether a process is in the group that is neither this one nor one it descends from or has started."""
    ours = procfs.ancestors(os.getpid())
    for pid in map(int, words(f"{folder}/cgroup.procs")):
        if pid not in ours and os.getpid() not in procfs.ancestors(pid):
            return True
    return False


def _delegated(folder: str) -> bool:
    for name in _DELEGATED:
        try:
            if os.getxattr(folder, name) == b"1":
                return True
        except OSError:
            continue
    return False


def own(root: str) -> dict[str, str]:
    """Return our group in each hierarchy; lines of ``/proc/self/cgroup`` are ``ID:CONTROLLERS:PATH``."""
    found = {}
    for line in text(f"{root}/proc/self/cgroup").splitlines():
        parts = line.split(":", 2)
        if len(parts) > 2:  # noqa: PLR2004 - three fields
            for controller in parts[1].split(","):
                found[controller] = parts[2]
    return found


def mounts(root: str) -> dict[str, str]:
    """Return where each hierarchy is seen; see proc_pid_mountinfo(5). v2 has the name ""."""
    found: dict[str, str] = {}
    for line in text(f"{root}/proc/self/mountinfo").splitlines():
        head, _, tail = line.partition(" - ")
        fields, kind = head.split(" "), tail.split(" ")
        if len(fields) > 4 and kind[0] in ("cgroup", "cgroup2"):  # noqa: PLR2004 - the mount point is the fifth
            names = kind[-1].split(",") if kind[0] == "cgroup" else [""]
            for name in names:
                found.setdefault(name, fields[4])
    return found


def _number(path: str) -> int | None:
    value = text(path)
    return int(value) if value.isdigit() else None
