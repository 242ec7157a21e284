"""From what runs to what should."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.diff import Action, Do, Running, Wanted, changes, diff
from procman.core.spec import Spec
from tests.support.values import spec


def running(unit: Spec, *, alive: bool = True, state: str = "running", memory: int | None = None) -> Running:
    """Return an instance as it runs after it was started from `unit`."""
    return Running(unit.unit, unit.service, unit.instance, alive, state, unit, memory)


def do(actions: tuple[Action, ...], wanted: tuple[Wanted, ...], now: tuple[Running, ...]) -> tuple[Running, ...]:
    """Return what runs after `actions`: a model that starts, stops and replaces what it is told and nothing else."""
    table = {r.unit: r for r in now}
    asked = {w.spec.unit: w for w in wanted}
    for action in actions:
        want = asked.get(action.unit)
        if action.do is Do.STOP and want is None:
            del table[action.unit]
        elif action.do is Do.STOP:
            table[action.unit] = replace(table[action.unit], alive=False, state="stopped")
        elif action.do in (Do.START, Do.REPLACE):
            assert want is not None, "only what is wanted is started"
            table[action.unit] = running(want.spec, memory=want.memory)
    return tuple(table.values())


def siblings(count: int, **fields: object) -> tuple[Spec, ...]:
    """Return `count` instances of one service."""
    return tuple(replace(spec("api", i, instances=count), **fields) for i in range(count))  # type: ignore[arg-type]


SPECS = st.lists(
    st.builds(spec, st.sampled_from(["api", "mqtt", "web"]), st.integers(0, 3), argv=st.sampled_from([("a",), ("b",)])),
    max_size=6,
    unique_by=lambda s: s.unit,
)
WANTED = SPECS.flatmap(lambda found: st.tuples(*(st.builds(Wanted, st.just(s), st.booleans()) for s in found)))
SEEN = SPECS.flatmap(
    lambda found: st.tuples(
        *(
            st.builds(
                lambda s, alive, read: replace(running(s, alive=alive), spec=s if read else None),
                st.just(s),
                st.booleans(),
                st.booleans(),
            )
            for s in found
        )
    )
)


@given(WANTED, SEEN, st.integers(0, 6), st.booleans())
def test_diff_applied_leaves_an_empty_diff(
    wanted: tuple[Wanted, ...], seen: tuple[Running, ...], shared: int, changed: bool
) -> None:
    """Whatever runs, after the actions exactly what is wanted runs, and nothing more is to be done."""
    common = tuple(running(replace(w.spec, argv=("old",)) if changed else w.spec) for w in wanted[:shared])
    taken = {r.unit for r in common}
    now = (*common, *(r for r in seen if r.unit not in taken))
    after = do(diff(wanted, now), wanted, now)
    assert changes(diff(wanted, after)) == ()
    alive = {(r.unit, r.spec) for r in after if r.alive}
    assert {(w.spec.unit, w.spec) for w in wanted if w.run} == alive


@given(WANTED, SEEN)
def test_diff_stops_first_and_names_each_instance_once(wanted: tuple[Wanted, ...], seen: tuple[Running, ...]) -> None:
    """What goes makes room before anything starts; no instance has two actions."""
    actions = diff(wanted, seen)
    units = [a.unit for a in actions]
    assert len(units) == len(set(units))
    gone = [a.unit in {r.unit for r in seen} - {w.spec.unit for w in wanted} for a in actions]
    assert sorted(gone, reverse=True) == gone


def test_unchanged_instance_is_kept() -> None:
    """What runs as wanted is left alone."""
    assert (Action("api", 0, Do.KEEP, "unchanged"),) == diff((Wanted(spec()),), (running(spec()),))


def test_nothing_runs_yet() -> None:
    """Every wanted instance is started, in the order of the plan."""
    wanted = (Wanted(spec("web")), Wanted(spec("api")))
    assert (
        Action("web", 0, Do.START, "not running"),
        Action("api", 0, Do.START, "not running"),
    ) == diff(wanted, ())


def test_changed_variable_is_named_without_its_value() -> None:
    """The reason of a replacement names the variable; neither its old nor its new value is in it."""
    old, new = spec(env=(("TOKEN", "hunter2"),)), spec(env=(("TOKEN", "hunter3"),))
    assert (Action("api", 0, Do.REPLACE, "changed: env TOKEN"),) == diff((Wanted(new),), (running(old),))


def test_scaling_up_keeps_the_siblings() -> None:
    """Two more instances are started; those that run are kept although PROCMAN_INSTANCES is another now."""
    actions = diff(tuple(map(Wanted, siblings(4))), tuple(map(running, siblings(2))))
    assert [Do.KEEP, Do.KEEP, Do.START, Do.START] == [a.do for a in actions]


def test_scaling_down_stops_the_highest_first() -> None:
    """The instances with the highest numbers go, highest first; the others are kept."""
    actions = diff(tuple(map(Wanted, siblings(1))), tuple(map(running, siblings(3))))
    assert (
        Action("api", 2, Do.STOP, "fewer instances wanted"),
        Action("api", 1, Do.STOP, "fewer instances wanted"),
        Action("api", 0, Do.KEEP, "unchanged"),
    ) == actions


def test_service_that_left_the_manifest_is_stopped() -> None:
    """A service that nobody wants any more is stopped as not wanted."""
    assert (Action("api", 0, Do.STOP, "not wanted"),) == diff((), (running(spec()),))


@pytest.mark.parametrize(
    ("run", "now", "action", "reason"),
    [
        (True, running(spec(), alive=False, state="failed"), Do.START, "was failed"),
        (True, running(spec(argv=("old",)), alive=False), Do.START, "changed: command"),
        (True, replace(running(spec()), spec=None), Do.REPLACE, "what it was started with cannot be read"),
        (False, running(spec()), Do.STOP, "stopped by the operator"),
        (False, running(spec(), alive=False), Do.KEEP, "stopped by the operator"),
        (False, None, Do.KEEP, "stopped by the operator"),
    ],
)
def test_action_and_reason(run: bool, now: Running | None, action: Do, reason: str) -> None:
    """What does not run is started, never replaced; what the operator stopped stays down."""
    assert (Action("api", 0, action, reason),) == diff((Wanted(spec(), run),), (now,) if now else ())


def test_new_memory_limit_restarts_nobody() -> None:
    """A limit is the manager's business: it changes while the instance runs, and the plan says so."""
    expected = Action("api", 0, Do.KEEP, "unchanged; new memory limit, no restart needed")
    assert (expected,) == diff((Wanted(spec(), memory=2),), (running(spec(), memory=1),))
