"""Where control groups for memory can be made, and what is written into them: v1 and v2, on trees of plain files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from procman.runtime import groupfs
from procman.runtime.cgroup import Groups
from procman.runtime.groupfs import V1, V2, Place

MIB = 1 << 20
HYBRID = """\
25 20 0:22 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
26 20 0:23 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
"""
UNIFIED = "25 20 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
SERVICE = "/system.slice/procman-shop.service"


def host(root: Path, mounts: str, own: str, **files: str) -> str:
    """Make a host of plain files; `files` are paths below /sys/fs/cgroup, with __ for / and - for what cannot be."""
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "self" / "mountinfo").write_text(mounts, encoding="ascii")
    (root / "proc" / "self" / "cgroup").write_text(own, encoding="ascii")
    for name, content in files.items():
        put(root, name.replace("__", "/"), content)
    return str(root)


def put(root: Path, name: str, content: str = "") -> Path:
    """Write one file below /sys/fs/cgroup."""
    path = root / "sys" / "fs" / "cgroup" / name.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="ascii")
    return path


def v2_group(root: Path, group: str, *, controllers: str = "cpu memory", procs: str = "", handed: str = "") -> None:
    """Make one group of v2."""
    put(root, f"{group}/cgroup.controllers", controllers)
    put(root, f"{group}/cgroup.subtree_control", handed)
    put(root, f"{group}/cgroup.procs", procs)
    if group:
        put(root, f"{group}/cgroup.type", "domain")


def read(root: Path, name: str) -> str:
    """Return what stands in a file below /sys/fs/cgroup."""
    return (root / "sys" / "fs" / "cgroup" / name.lstrip("/")).read_text(encoding="ascii")


def test_v1_groups_lie_below_our_own(tmp_path: Path) -> None:
    """With v1 the limits above hold as well, because the groups are below the manager's."""
    root = host(tmp_path, HYBRID, "8:memory:/user\n0::/\n")
    put(tmp_path, "memory/user/memory.limit_in_bytes", "1")
    assert groupfs.find(root) == Place(V1, f"{root}/sys/fs/cgroup/memory/user")


def test_v2_wants_its_group_delegated(tmp_path: Path) -> None:
    """Under systemd a unit without Delegate=yes gets no groups, and is told what is missing."""
    root = host(tmp_path, UNIFIED, f"0::{SERVICE}\n")
    v2_group(tmp_path, SERVICE, procs=f"{os.getpid()}\n")
    assert "Delegate=yes in its unit" in str(groupfs.find(root))


@pytest.mark.parametrize(
    ("controllers", "procs", "reason"),
    [
        ("cpu", "", "not handed down"),
        ("memory", f"{os.getpid()}\n{1 << 22}\n", "other processes are in the manager's group"),
    ],
    ids=["no controller", "strangers"],  # the same in each of several workers, which a pid is not
)
def test_v2_without_what_it_needs_says_why(tmp_path: Path, controllers: str, procs: str, reason: str) -> None:
    """No controller, or strangers in the group: nothing is touched."""
    root = host(tmp_path, UNIFIED, "0::/box\n")
    v2_group(tmp_path, "box", controllers=controllers, procs=procs)
    assert reason in str(groupfs.find(root))


def test_v2_in_a_group_of_its_own(tmp_path: Path) -> None:
    """The manager leaves its group for a leaf, hands memory down, and gives each process max, high and a common end."""
    root = host(tmp_path, UNIFIED, "0::/box\n")
    v2_group(tmp_path, "box", procs=f"{os.getpid()}\n")
    put(tmp_path, "box/procman-manager/cgroup.procs")
    mine = f"box/procman.{os.getpid()}"
    v2_group(tmp_path, mine)
    for name in ("memory.max", "memory.high", "memory.oom.group", "cgroup.procs"):
        put(tmp_path, f"{mine}/api-0.7/{name}")
    put(tmp_path, f"{mine}/api-0.7/memory.events", "low 0\nhigh 4\nmax 2\noom 1\noom_kill 4\noom_group_kill 1\n")
    put(tmp_path, f"{mine}/api-0.7/memory.peak", str(99 * MIB))
    put(tmp_path, f"{mine}/api-0.7/memory.current", str(50 * MIB))
    groups = Groups(root)
    groups.find()
    assert (groups.version, groups.reason) == (V2, "")
    assert read(tmp_path, "box/procman-manager/cgroup.procs") == str(os.getpid())
    assert read(tmp_path, "box/cgroup.subtree_control") == "+memory"
    assert (groups.make("api-0", 7, 100 * MIB, 150 * MIB) or "").endswith("/api-0.7/cgroup.procs")
    said = {
        name: read(tmp_path, f"{mine}/api-0.7/{name}") for name in ("memory.max", "memory.high", "memory.oom.group")
    }
    assert said == {"memory.max": str(150 * MIB), "memory.high": str(125 * MIB), "memory.oom.group": "1"}
    assert (groups.holds("api-0", 7), groups.holds("api-0", 8)) == (False, False)
    put(tmp_path, f"{mine}/api-0.7/cgroup.procs", "7\n9\n")
    assert groups.holds("api-0", 7)
    assert (groups.ended("api-0", 7), groups.ended("api-0", 8)) == ((3, 99 * MIB), None)
    assert (groups.killed("api-0"), groups.killed("api-0")) == (3, 0)
    assert groups.change("api-0", 100 * MIB, 180 * MIB)
    assert read(tmp_path, f"{mine}/api-0.7/memory.max") == str(180 * MIB)
    assert not groups.change("api-0", 20 * MIB, 40 * MIB)
    assert read(tmp_path, f"{mine}/api-0.7/memory.max") == str(180 * MIB)
    assert groups.change("api-0", 120 * MIB, 180 * MIB)
    assert read(tmp_path, f"{mine}/api-0.7/memory.high") == str(150 * MIB)
    assert groups.change("api-0", 120 * MIB, None)
    assert all(read(tmp_path, f"{mine}/api-0.7/memory.{name}").startswith("max") for name in ("max", "high"))
    assert not groups.change("web-0", 120 * MIB, 180 * MIB)
    assert groups.change("web-0", 120 * MIB, None)


def test_v2_for_root_in_a_session(tmp_path: Path) -> None:
    """In a login session root takes the root of all groups, unless a limit above would be evaded by that."""
    session = "user.slice/user-0.slice/session-1.scope"
    root = host(tmp_path, UNIFIED, f"0::/{session}\n")
    v2_group(tmp_path, "", procs="1\n")
    v2_group(tmp_path, session, procs="2\n3\n")
    if os.geteuid() != 0:
        assert "login session" in str(groupfs.find(root))
        return
    assert groupfs.find(root) == Place(V2, f"{root}/sys/fs/cgroup")
    put(tmp_path, "user.slice/user-0.slice/memory.max", "1000000")
    assert "has a limit of its own" in str(groupfs.find(root))


def test_no_groups_at_all(tmp_path: Path) -> None:
    """A host without control groups for memory gives none, and nothing is made."""
    groups = Groups(host(tmp_path, "", ""))
    groups.find()
    assert (groups.version, groups.make("api-0", 7, MIB, MIB)) == (0, None)
    assert "no control group" in groups.reason


def test_a_group_that_cannot_be_prepared_is_told(tmp_path: Path) -> None:
    """When the kernel refuses, the reason names the file, and the folder is gone again."""
    root = host(tmp_path, UNIFIED, "0::/box\n")
    v2_group(tmp_path, "box", procs=f"{os.getpid()}\n", handed="memory")
    groups = Groups(root)
    groups.find()
    assert groups.version == 0
    assert "cgroup.subtree_control" in groups.reason
    assert not (tmp_path / "sys/fs/cgroup/box" / f"procman.{os.getpid()}").exists()


def test_what_dead_managers_left_is_removed(tmp_path: Path) -> None:
    """Empty groups of a manager that was killed go; those of one that lives stay."""
    root = host(tmp_path, HYBRID, "8:memory:/\n")
    for name in (f"procman.{1 << 22}/api-0.7", "procman.1/api-0.7", "other.4/x"):
        (tmp_path / "sys/fs/cgroup/memory" / name).mkdir(parents=True)
    Groups(root).find()
    left = sorted(p.name for p in (tmp_path / "sys/fs/cgroup/memory").iterdir())
    assert left == sorted(["other.4", "procman.1", f"procman.{os.getpid()}"])


@pytest.mark.parametrize(
    ("counts", "number"),
    [
        ("low 0\noom 1\noom_kill 0\noom_group_kill 0\n", 0),
        ("oom 1\noom_kill 2\noom_group_kill 1\n", 1),
        ("oom 1\noom_kill 4\noom_group_kill 1\n", 3),
        ("oom 1\noom_kill 1\noom_group_kill 1\n", 1),
        ("oom 2\noom_kill 2\n", 2),
    ],
)
def test_v2_counts_the_first_of_a_group_twice(tmp_path: Path, counts: str, number: int) -> None:
    """What Linux 6.1 writes when it ends one process by its group is one kill; older kernels say less."""
    (tmp_path / "memory.events").write_text(counts, encoding="ascii")
    assert groupfs.kills(V2, str(tmp_path)) == number
