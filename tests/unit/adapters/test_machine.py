"""What is read of a machine, on the files of several."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from procman.adapters.cgroups import OWN
from procman.adapters.machine import this_machine
from procman.core.budget import budget_for
from procman.core.errors import Failed
from procman.core.manifest import BudgetRule
from procman.runtime.cgroup import PREFIX
from tests.support import machines
from tests.support.machines import machine, meminfo


@pytest.mark.parametrize(
    ("files", "ram", "source", "cores"),
    [
        (machines.BARE_METAL, 2048, "physical RAM", 8),
        (machines.SYSTEMD_SLICE, 2048, "cgroup limit, memory.max", 2),
        (machines.CONTAINER_V2, 1024, "cgroup limit, memory.max", 8),
        (machines.CONTAINER_V1, 512, "cgroup limit, memory.limit_in_bytes", 3),
        (machines.NESTED_V1, 1536, "cgroup limit, memory.limit_in_bytes", 8),
        (machines.ODDITIES, 4096, "physical RAM", 8),
    ],
)
def test_the_tightest_limit_on_the_way_up_is_found(
    tmp_path: Path, files: Mapping[str, str], ram: int, source: str, cores: int
) -> None:
    """The RAM is the smallest of the machine's and of every cgroup's around us; quotas bound the cores."""
    found = this_machine(root=machine(tmp_path, files))
    assert (ram << 20, source, cores) == (found.ram, found.source, found.cores)


def test_memory_high_bounds_like_memory_max(tmp_path: Path) -> None:
    """Above memory.high a group is throttled until it stands still, so that is the limit."""
    files = {**machines.CONTAINER_V2, "sys/fs/cgroup/memory.high": f"{768 << 20}\n"}
    found = this_machine(root=machine(tmp_path, files))
    assert (768 << 20, "cgroup limit, memory.high") == (found.ram, found.source)


def test_a_cgroup_above_the_physical_ram_says_nothing(tmp_path: Path) -> None:
    """A limit of 4 GiB on a machine with 2 GiB leaves the machine's."""
    files = {**machines.CONTAINER_V2, "proc/meminfo": meminfo(2048, 2000), "sys/fs/cgroup/memory.max": f"{4 << 30}\n"}
    assert (2048 << 20, "physical RAM") == (
        (found := this_machine(root=machine(tmp_path, files))).ram,
        found.source,
    )


def test_huge_pages_are_no_ram_for_services(tmp_path: Path) -> None:
    """256 huge pages of 2 MiB are taken off the RAM, and are no need of others a second time."""
    files = {**machines.BARE_METAL, "proc/meminfo": meminfo(4096, 3584, huge=256)}
    found = this_machine(root=machine(tmp_path, files))
    assert (3584 << 20, 512 << 20, 0) == (found.ram, found.hugepages, found.others)


def test_huge_pages_of_every_size_count(tmp_path: Path) -> None:
    """Where the kernel says what all sizes take together, that is taken off."""
    files = {**machines.BARE_METAL, "proc/meminfo": meminfo(4096, 3000, huge=2, hugetlb=1024)}
    assert 3072 << 20 == this_machine(root=machine(tmp_path, files)).ram


def test_swap_and_its_use_are_known(tmp_path: Path) -> None:
    """Total and used swap, in bytes."""
    found = this_machine(root=machine(tmp_path, machines.BARE_METAL))
    assert (1024 << 20, 124 << 20) == (found.swap, found.swap_used)


def test_a_database_beside_is_not_planned_away(tmp_path: Path) -> None:
    """On 2 GiB of which a database uses 1 GiB, 992 MiB are left; the reserve is part of what the database has."""
    files = {**machines.BARE_METAL, "proc/meminfo": meminfo(2048, 1024)}
    found = this_machine(root=machine(tmp_path, files))
    assert (1024 << 20, 1024 << 20) == (found.others, found.available)
    assert (2048 - 1024 - 32) << 20 == budget_for(found, BudgetRule()).usable


def test_what_the_project_uses_itself_is_no_need_of_others(tmp_path: Path) -> None:
    """The same machine, where 900 MiB of what is used are the project's own, is planned as with the reserve alone."""
    files = {**machines.BARE_METAL, "proc/meminfo": meminfo(2048, 1024)}
    found = this_machine(900 << 20, root=machine(tmp_path, files))
    assert 128 << 20 == found.others
    assert 1504 << 20 == budget_for(found, BudgetRule()).usable


def test_others_count_where_they_are_in_the_way(tmp_path: Path) -> None:
    """In a slice of 2 GiB that others fill to 800 MiB (cache aside), 832 MiB are theirs, rounded up to 64 MiB."""
    found = this_machine(root=machine(tmp_path, machines.SYSTEMD_SLICE))
    assert (832 << 20, 1248 << 20) == (found.others, found.available)


def test_a_full_machine_bounds_a_small_cgroup(tmp_path: Path) -> None:
    """A limit of 1 GiB is worth 256 MiB on a machine that has no more to give."""
    files = {**machines.CONTAINER_V2, "proc/meminfo": meminfo(16384, 256)}
    found = this_machine(root=machine(tmp_path, files))
    assert (1024 << 20, 768 << 20, 256 << 20) == (found.ram, found.others, found.available)


def test_what_the_manifest_grants_is_a_limit_of_its_own(tmp_path: Path) -> None:
    """``budget.ram: 1G`` plans for 1 GiB without others in it; more than there is grants nothing."""
    root = machine(tmp_path, machines.BARE_METAL)
    small, large = this_machine(0, 1 << 30, root), this_machine(0, 64 << 30, root)
    assert (1 << 30, "budget.ram", 0) == (small.ram, small.source, small.others)
    assert (2 << 30, "physical RAM") == (large.ram, large.source)


def test_a_machine_without_proc_is_refused(tmp_path: Path) -> None:
    """Without /proc/meminfo nothing is guessed."""
    with pytest.raises(Failed, match="cannot read the size of RAM"):
        this_machine(root=machine(tmp_path, {}))


@pytest.mark.parametrize("name", ["procman.7", "procman.7.a1b2"])
def test_the_group_of_our_own_manager_bounds_no_plan(tmp_path: Path, name: str) -> None:
    """A service that asks lies in a group with its own hard limit, below its manager's; another manager's bounds it."""
    group = f"{name}/watch-0.9"
    files = {
        **machines.CONTAINER_V2,
        "proc/self/cgroup": f"0::/{group}\n",
        f"sys/fs/cgroup/{group}/memory.max": f"{64 << 20}\n",
        f"sys/fs/cgroup/{group}/memory.current": "4096\n",
    }
    root = machine(tmp_path, files)
    assert [1024 << 20, 64 << 20, 64 << 20] == [this_machine(root=root, manager=m).ram for m in ("7", "", "8")]
    assert PREFIX == OWN
