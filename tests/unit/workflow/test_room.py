"""What the machine has at this moment, asked before something is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from procman.core.applied import Applied
from procman.core.diff import Action, Do, Wanted
from procman.core.errors import Failed
from procman.core.observed import Observed, ObservedUnit
from procman.core.quantity import MIB
from procman.workflow.in_place import fitting
from procman.workflow.preflight import check_room, least
from procman.workflow.target import Target
from tests.support.machines import BARE_METAL, machine, meminfo
from tests.support.values import spec


def target(*limits: int | None) -> Target:
    """Return a target of one API instance per limit, in MiB."""
    wanted = tuple(
        Wanted(spec("api", i, instances=len(limits)), memory=limit * MIB if limit else None)
        for i, limit in enumerate(limits)
    )
    return Target("shop", wanted, Applied("shop", "/x", "", (), (), None, (), (), (), 0, 0))


def actions(*todo: Do) -> tuple[Action, ...]:
    """Return one action per instance."""
    return tuple(Action("api", i, do, "test") for i, do in enumerate(todo))


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> str:
    """A machine with 300 MiB to give."""
    return machine(tmp_path, {**BARE_METAL, "proc/meminfo": meminfo(2048, 300)})


def test_a_start_that_the_machine_has_room_for_is_let_through(root: str) -> None:
    """300 MiB are enough for 300 MiB, and what has no limit is not asked about."""
    check_room(target(300), actions(Do.START), None, root)
    check_room(target(None), actions(Do.START), None, root)


def test_a_start_that_the_machine_has_no_room_for_is_refused(root: str) -> None:
    """301 MiB are one too many; both figures are told, whatever the budget says."""
    with pytest.raises(Failed, match="api-0 may need 301 MiB, and this machine has 300 MiB available now"):
        check_room(target(301), actions(Do.START), None, root)


def test_all_that_is_about_to_start_is_counted(root: str) -> None:
    """Two of 200 MiB are refused together; what is kept and what the operator stopped is not counted."""
    with pytest.raises(Failed, match="api-0 and 1 more may need 400 MiB"):
        check_room(target(200, 200), actions(Do.START, Do.START), None, root)
    check_room(target(200, 200), actions(Do.START, Do.KEEP), None, root)


def test_of_replacements_the_largest_must_have_room(root: str) -> None:
    """They can go one after another; what starts, and what is replaced first, is counted together."""
    todo = actions(Do.START, Do.REPLACE, Do.REPLACE, Do.REPLACE, Do.KEEP)
    found = least(target(100, 150, 200, None, 900), todo)
    assert [a.instance for a in found] == [0, 2, 4]
    check_room(target(100, 150, 200, None, 900), found, None, root)
    assert least(target(100), actions(Do.START)) == actions(Do.START)


def test_without_room_for_all_the_first_is_replaced_alone(root: str) -> None:
    """Two of 150 MiB go together where there are 300 MiB, two of 200 MiB one by one, and one of 301 MiB not at all."""
    nothing, both = Observed(1, "RUNNING", 0.0, ()), actions(Do.REPLACE, Do.REPLACE)
    assert fitting(both, target(150, 150), nothing, root) == both
    assert fitting(both, target(200, 200), nothing, root) == both[:1]
    with pytest.raises(Failed, match="api-0 may need 301 MiB"):
        fitting(both, target(301, 301), nothing, root)


def test_what_a_replaced_process_has_comes_back_first(root: str) -> None:
    """A replacement may need as much more as the old process uses now."""
    here = Observed(1, "RUNNING", 0.0, (ObservedUnit("api-0", "RUNNING", pid=os.getpid()),))
    check_room(target(305), actions(Do.REPLACE), here, root)
    with pytest.raises(Failed, match="available now"):
        check_room(target(305), actions(Do.REPLACE), None, root)


def test_a_service_that_asks_is_not_the_machine(tmp_path: Path) -> None:
    """Called from within a service, its own hard limit does not count: a start happens in the manager's group."""
    group = "user/procman.77.x/check-0.9"
    files = {
        **BARE_METAL,
        "proc/meminfo": meminfo(2048, 900),
        "proc/self/cgroup": f"0::/{group}\n",
        f"sys/fs/cgroup/{group}/memory.max": f"{64 * MIB}\n",
        f"sys/fs/cgroup/{group}/memory.current": f"{60 * MIB}\n",
    }
    seen = Observed(77, "RUNNING", 0.0, ())
    root = machine(tmp_path, files)
    with pytest.raises(Failed):
        check_room(target(300), actions(Do.START), None, root)
    check_room(target(300), actions(Do.START), seen, root)
    # where the group of the manager can be seen, it is that one which counts
    machine(tmp_path, {**files, "proc/77/cgroup": "0::/small\n", "sys/fs/cgroup/small/memory.max": f"{100 * MIB}\n"})
    with pytest.raises(Failed, match="has 100 "):
        check_room(target(300), actions(Do.START), seen, root)
