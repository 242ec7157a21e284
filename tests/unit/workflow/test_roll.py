"""Which instances are replaced beside their old process, how many at a time, and what is told of the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procman.core import rolling
from procman.core.applied import Applied
from procman.core.diff import Action, Do, Wanted
from procman.core.manifest import Address, Kind
from procman.core.observed import Job, Observed, ObservedUnit
from procman.core.places import UnixSocket
from procman.core.quantity import MIB
from procman.core.spec import Lock, Spec
from procman.workflow.apply import _together
from procman.workflow.roll import _passed, rollable, room, under_way
from procman.workflow.target import Target
from tests.support.values import spec

RECORD = Applied("shop", "/x", "", (), (), None, (), (), (), 0, 0)
API = replace(spec("api"), listen=Address("127.0.0.1", 3000))
SEEN = ObservedUnit("api-0", "RUNNING", slot_inode=7)


def may(wanted: Spec | None = API, unit: ObservedUnit | None = SEEN, do: Do = Do.REPLACE) -> bool:
    """Tell whether api-0 may run twice for a while."""
    target = Target("shop", (Wanted(wanted),) if wanted else (), RECORD)
    return rollable(Action("api", 0, do, ""), target, Observed(1, "RUNNING", 0.0, (unit,) if unit else ()))


def test_what_listens_on_a_held_socket_is_replaced_beside_itself() -> None:
    """A port or a unix socket; also while it is starting."""
    assert may()
    assert may(replace(API, listen=None, listens=(UnixSocket("/run/a.sock"),)))
    assert may(unit=replace(SEEN, statename="STARTING"))


@pytest.mark.parametrize(
    ("wanted", "unit", "do"),
    [
        (replace(API, kind=Kind.SINGLETON), SEEN, Do.REPLACE),
        (replace(API, locks=(Lock("h:1883", "a"),)), SEEN, Do.REPLACE),
        (replace(API, listen=None), SEEN, Do.REPLACE),
        (replace(API, binds=True), SEEN, Do.REPLACE),
        (API, replace(SEEN, slot_inode=None), Do.REPLACE),
        *((API, replace(SEEN, statename=name), Do.REPLACE) for name in ("STOPPING", "BACKOFF", "FATAL", "STOPPED")),
        (API, SEEN, Do.START),
        (API, SEEN, Do.KEEP),
        (None, SEEN, Do.REPLACE),
        (API, None, Do.REPLACE),
    ],
)
def test_what_never_runs_twice(wanted: Spec | None, unit: ObservedUnit | None, do: Do) -> None:
    """A singleton, what holds a lock, what has no socket of ours, and what does not run."""
    assert not may(wanted, unit, do)


def test_only_neighbours_of_one_service_roll_together() -> None:
    """The first actions, as far as they are of the first one's service and may run beside what they replace."""
    specs = [replace(API, service=name, instance=n) for name, n in (("api", 0), ("api", 1), ("web", 0), ("api", 2))]
    target = Target("shop", tuple(map(Wanted, specs)), RECORD)
    actions = [Action(s.service, s.instance, Do.REPLACE, "") for s in specs]
    seen = Observed(1, "RUNNING", 0.0, tuple(replace(SEEN, unit=s.unit) for s in specs))
    assert _together(actions, target, seen) == actions[:2]
    assert _together(actions[2:], target, seen) == actions[2:3]
    down = replace(seen, units=(replace(SEEN, statename="FATAL"), *seen.units[1:]))
    assert _together(actions, target, down) == []


@pytest.mark.parametrize(
    ("memory", "parallel", "fits", "words"),
    [
        (None, 4, 4, ""),
        (0, 4, 4, ""),
        (40 * MIB, 2, 2, "another instance may need 40 MiB, and this machine has "),
        (40 * MIB, 3, 2, "another instance needs 40 MiB, and the budget has 100 MiB left"),
        (101 * MIB, 1, 0, "another instance needs 101 MiB, and the budget has 100 MiB left"),
        (100 * MIB, 1, 1, "another instance may need 100 MiB, and this machine has "),
    ],
)
def test_the_budget_says_how_many_at_a_time(memory: int | None, parallel: int, fits: int, words: str) -> None:
    """As many as it has room for beside all that stays, then as the machine has; what has no limit is not asked."""
    target = Target("shop", (), replace(RECORD, required=400 * MIB, usable=500 * MIB))
    found, why = room(target, memory, parallel)
    assert found == fits
    assert why.startswith(words)


def test_what_the_machine_has_now_is_asked_whatever_the_budget_says() -> None:
    """A budget beyond all machines, and none has so much at the moment."""
    target = Target("shop", (), replace(RECORD, required=0, usable=1 << 60))
    found, why = room(target, 1 << 50, 1)
    assert found == 0
    assert why.startswith("another instance may need 1,073,741,824 MiB, and this machine has ")


def test_a_plan_over_its_budget_has_no_room() -> None:
    """One that was forced: nothing runs beside anything, and no room is never less than none."""
    target = Target("shop", (), replace(RECORD, required=600 * MIB, usable=500 * MIB))
    assert room(target, 40 * MIB, 1) == (0, "another instance needs 40 MiB, and the budget has 0 MiB left")


@pytest.mark.parametrize(
    ("before", "now", "passed"),
    [
        ("", rolling.WARMING, (rolling.WARMING,)),
        ("", rolling.DONE, (rolling.WARMING, rolling.LEAVING, rolling.DONE)),
        (rolling.WARMING, rolling.WARMING, ()),
        (rolling.WARMING, rolling.LEAVING, (rolling.LEAVING,)),
        (rolling.WARMING, rolling.DONE, (rolling.LEAVING, rolling.DONE)),
        (rolling.LEAVING, rolling.DONE, (rolling.DONE,)),
        (rolling.WARMING, rolling.CLEARING, (rolling.CLEARING,)),
        (rolling.CLEARING, rolling.FAILED, (rolling.FAILED,)),
        (rolling.CLEARING, rolling.CLEARING, ()),
        ("", rolling.FAILED, (rolling.FAILED,)),
        (rolling.CLEARING, rolling.DONE, (rolling.DONE,)),
    ],
)
def test_no_phase_of_a_replacement_is_missed(before: str, now: str, passed: tuple[str, ...]) -> None:
    """What is short may be over between two looks, and is told all the same."""
    assert passed == _passed(before, now)


def test_what_is_under_way_is_neither_done_nor_failed() -> None:
    """Every phase but the two ends, of any way."""
    phases = (rolling.WARMING, rolling.EMPTYING, rolling.DONE, rolling.FAILED, rolling.PARTING)
    units = [ObservedUnit(f"api-{n}", "RUNNING", job=Job(1, phase, "")) for n, phase in enumerate(phases)]
    seen = Observed(1, "RUNNING", 0.0, (*units, ObservedUnit("web-0", "RUNNING")))
    assert under_way(seen) == ["api-0", "api-1", "api-4"]
