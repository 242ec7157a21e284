"""What the manager sees of a machine's memory is what a plan sees, in containers too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from procman.adapters.machine import this_machine
from procman.core import pressure
from procman.runtime import machine
from tests.support import machines
from tests.support.machines import BARE_METAL, CONTAINER_V1, CONTAINER_V2, NESTED_V1, ODDITIES, SYSTEMD_SLICE, meminfo

MIB = 1 << 20
TREES = {
    "bare metal": BARE_METAL,
    "slice": SYSTEMD_SLICE,
    "container v2": CONTAINER_V2,
    "container v1": CONTAINER_V1,
    "nested v1": NESTED_V1,
    "oddities": ODDITIES,
}


@pytest.mark.parametrize("files", TREES.values(), ids=TREES)
def test_it_sees_what_a_plan_sees(files: Mapping[str, str], tmp_path: Path) -> None:
    """On every machine that a plan is tested on, the same is available."""
    root = machines.machine(tmp_path, files)
    assert machine.available(root) == this_machine(root=root).available


def test_a_full_container_is_short_on_an_empty_host(tmp_path: Path) -> None:
    """The limit of the container is the machine: with 30 MiB left of 1 GiB there is pressure, whatever the host has."""
    files = {**CONTAINER_V2, "sys/fs/cgroup/memory.current": f"{994 * MIB}\n"}
    seen = machine.seen(machines.machine(tmp_path, files))
    assert (seen.total, seen.available) == (1024 * MIB, 30 * MIB)
    assert pressure.shortage(seen) == "30 MiB available of 1024 MiB"


def test_a_container_has_stalls_of_its_own(tmp_path: Path) -> None:
    """Where a group is the tighter one, what stalls in it counts, and not what stalls on the host."""
    stalls = "some avg10={} avg60=0.00 avg300=0.00 total=1\nfull avg10={} avg60=0.00 avg300=0.00 total=1\n"
    files = {
        **CONTAINER_V2,
        "proc/pressure/memory": stalls.format("90.00", "80.00"),
        "sys/fs/cgroup/memory.current": f"{900 * MIB}\n",
        "sys/fs/cgroup/memory.pressure": stalls.format("25.00", "12.00"),
    }
    seen = machine.seen(machines.machine(tmp_path, files))
    assert (seen.some, seen.full) == (25.0, 12.0)
    assert "stalled for memory 25 %" in str(pressure.shortage(seen))


def test_a_short_host_is_short_in_a_roomy_container(tmp_path: Path) -> None:
    """The tightest counts, and that can be the host."""
    seen = machine.seen(machines.machine(tmp_path, {**CONTAINER_V2, "proc/meminfo": meminfo(16384, 100)}))
    assert (seen.total, seen.available) == (16384 * MIB, 100 * MIB)
