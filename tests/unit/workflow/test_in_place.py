"""Which instances are replaced together when the old process must go first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procman.core.applied import Applied
from procman.core.diff import Action, Do, Wanted
from procman.core.lifecycle import Until
from procman.core.observed import Observed, ObservedUnit
from procman.core.spec import Spec
from procman.workflow.in_place import at_once
from procman.workflow.target import Target
from tests.support.values import spec

RECORD = Applied("shop", "/x", "", (), (), None, (), (), (), 0, 0)


def of(service: str, instance: int = 0, *, needs: tuple[str, ...] = (), binds: bool = False) -> Spec:
    """Return the spec of one instance; `needs` are the services that it depends on."""
    made = spec(service, instance, instances=9)
    return replace(made, depends_on=tuple((name, Until.READY) for name in needs), binds=binds)


def together(
    *specs: Spec, tried: tuple[str, ...] = (), sockets: tuple[str, ...] = (), starts: tuple[str, ...] = ()
) -> list[str]:
    """Return the units that are replaced at once when each of `specs` is to be; `sockets` have one of ours.

    `starts` are to be started instead.
    """
    actions = [Action(s.service, s.instance, Do.START if s.unit in starts else Do.REPLACE, "") for s in specs]
    units = tuple(ObservedUnit(s.unit, "RUNNING", slot_inode=7 if s.unit in sockets else None) for s in specs)
    target = Target("shop", tuple(Wanted(s) for s in specs), RECORD)
    return [a.unit for a in at_once(actions, target, Observed(1, "RUNNING", 0.0, units), set(tried))]


def test_services_do_not_wait_for_each_other() -> None:
    """Three that have nothing to do with each other go at the same time."""
    assert together(of("a"), of("b"), of("c")) == ["a-0", "b-0", "c-0"]


def test_of_an_untried_service_one_goes_first() -> None:
    """A version that does not run takes down one instance and not all; once one has become ready the rest follow."""
    several = [of("a", 0), of("a", 1), of("a", 2), of("b")]
    assert together(*several) == ["a-0", "b-0"]
    assert together(*several[1:], tried=("a", "b")) == ["a-1", "a-2", "b-0"]


def test_who_depends_on_another_waits_for_it() -> None:
    """Nothing behind it goes either: the order of the actions holds. A service that needs itself is no order."""
    assert together(of("db"), of("api", needs=("db",)), of("web")) == ["db-0"]
    assert together(of("api", needs=("db",)), of("web")) == ["api-0", "web-0"]
    assert together(of("db", 0), of("db", 1), tried=("db",)) == ["db-0", "db-1"]


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        ((of("web", binds=True), of("a")), ["web-0"]),
        ((of("a"), of("web", binds=True), of("b")), ["a-0"]),
    ],
)
def test_what_serves_connections_goes_alone(specs: tuple[Spec, ...], expected: list[str]) -> None:
    """It opens its port itself, so no other instance takes its connections meanwhile."""
    assert together(*specs) == expected


def test_what_listens_on_a_held_socket_goes_alone() -> None:
    """It is not among the others, and with none before it, it goes by itself."""
    assert together(of("a"), of("web"), of("b"), sockets=("web-0",)) == ["a-0"]
    assert together(of("web", 0), of("web", 1), sockets=("web-0", "web-1"), tried=("web",)) == ["web-0"]


def test_a_start_is_no_replacement() -> None:
    """What does not run yet ends the group, or is started alone."""
    assert together(of("a"), of("b"), of("c"), starts=("b-0",)) == ["a-0"]
    assert together(of("a"), of("b"), starts=("a-0",)) == ["a-0"]


def test_what_is_not_wanted_or_not_seen_goes_alone() -> None:
    """Without a spec, or without a process that is known, nothing is put together."""
    actions = [Action("a", 0, Do.REPLACE, ""), Action("b", 0, Do.REPLACE, "")]
    seen = Observed(1, "RUNNING", 0.0, (ObservedUnit("a-0", "RUNNING"), ObservedUnit("b-0", "RUNNING")))
    nothing = Target("shop", (Wanted(of("b")),), RECORD)
    assert at_once(actions, nothing, seen, set()) == tuple(actions[:1])
    both = Target("shop", (Wanted(of("a")), Wanted(of("b"))), RECORD)
    assert at_once(actions, both, replace(seen, units=seen.units[:1]), set()) == tuple(actions[:1])
    assert at_once(actions, both, replace(seen, units=seen.units[1:]), set()) == tuple(actions[:1])
