"""What to change when a plan does not fit, compared with every change there is."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.budget import budget_for
from procman.core.machine import named
from procman.core.manifest import BudgetRule, Instances, Kind, Manifest, Service, with_profile
from procman.core.plan import Plan, PlannedService, make_plan
from procman.core.quantity import GIB, MIB, parse_size
from procman.core.suggest import Suggestion, applied, floor, ram_words, suggestions
from tests.support.values import budget, guide, service

SERVICES = st.lists(
    st.builds(
        lambda name, kind, count, memory: service(
            name, kind, instances=1 if kind is Kind.SINGLETON else count, memory=memory * MIB if memory else None
        ),
        st.sampled_from("abcde"),
        st.sampled_from(Kind),
        st.integers(1, 5),
        st.integers(0, 500),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda s: s.name,
)
RULES = st.builds(BudgetRule, reserve_share=st.sampled_from([0.0, 0.25, 0.9])) | st.just(BudgetRule())


def plan(services: tuple[Service, ...], usable: int) -> Plan:
    """Return the plan of fixed counts on exactly `usable` bytes."""
    return make_plan(Manifest("p", services), budget(usable))


def partly(services: tuple[Service, ...], percent: int) -> Plan:
    """Return the plan on so many percent of what it needs."""
    needed = sum(s.instances.low * (s.memory or 0) for s in services)
    return plan(services, needed * percent // 100)


def of(kind: str, found: tuple[Suggestion, ...]) -> Suggestion | None:
    """Return the suggestion whose changes are all of `kind`, if there is one."""
    return next((s for s in found if all(c.field == kind for c in s.changes)), None)


@given(SERVICES, st.integers(0, 105))
def test_each_suggestion_fits_once_applied(services: list[Service], percent: int) -> None:
    """Whatever is suggested, its sum is within what is usable then; a plan that fits needs nothing."""
    made = partly(tuple(services), percent)
    found = suggestions(made, BudgetRule(reserve_bytes=0))
    assert made.fits == (not found)
    for suggestion in found:
        after = sum(s.required for s in applied(made.services, suggestion.changes))
        assert after == suggestion.required <= suggestion.usable


@given(SERVICES, st.integers(0, 105))
def test_fewer_instances_touch_as_few_services_as_can_be(services: list[Service], percent: int) -> None:
    """No smaller set of services frees enough, and giving one instance back would be too much again."""
    made = partly(tuple(services), percent)
    over = made.required - made.budget.usable
    spare = [(s.instances - 1) * (s.memory or 0) for s in made.services if s.kind is Kind.SCALABLE]
    enough = [n for n in range(1, 6) if any(sum(c) >= over for c in combinations(spare, n))]
    suggestion = of("instances", suggestions(made, BudgetRule()))
    if made.fits or not enough:
        assert suggestion is None
        return
    assert suggestion is not None
    assert min(enough) == len(suggestion.changes)
    changed = {c.service for c in suggestion.changes}
    smallest = min(s.memory or 0 for s in made.services if s.name in changed)
    assert suggestion.required + smallest > made.budget.usable


@given(SERVICES, st.integers(0, 105))
def test_lower_limits_touch_as_few_services_as_can_be(services: list[Service], percent: int) -> None:
    """No smaller set of services frees enough at its floor; no limit falls below that, each is whole 10 MiB."""
    made = partly(tuple(services), percent)
    over = made.required - made.budget.usable
    slack = [s.instances * ((s.memory or 0) - floor(s.memory or 0)) for s in made.services]
    enough = [n for n in range(1, 6) if any(sum(c) >= over for c in combinations(slack, n))]
    suggestion = of("memory", suggestions(made, BudgetRule()))
    if made.fits or not enough:
        assert suggestion is None
        return
    assert suggestion is not None
    assert min(enough) == len(suggestion.changes)
    for change in suggestion.changes:
        assert int(change.new) % (10 * MIB) == 0
        assert floor(int(change.old or 0)) <= int(change.new) < int(change.old or 0)


@given(SERVICES, st.integers(1, 64), RULES)
def test_the_ram_suggested_is_the_next_half_gib_that_is_enough(
    services: list[Service], ram: int, rule: BudgetRule
) -> None:
    """On the RAM suggested the plan fits, and on half a GiB less it does not."""
    machine = named(ram * 64 * MIB, "test")
    made = make_plan(Manifest("p", tuple(services)), budget_for(machine, rule))
    suggestion = of("ram", suggestions(made, rule))
    if made.fits:
        assert suggestion is None
        return
    assert suggestion is not None
    new = parse_size(ram_words(int(suggestion.changes[0].new)))
    assert new == suggestion.changes[0].new
    assert make_plan(Manifest("p", tuple(services)), budget_for(named(new, "test"), rule)).fits
    assert not budget_for(named(new - GIB // 2, "test"), rule).usable >= made.required


def test_the_guides_maximum_on_2_gib() -> None:
    """1,900 MiB in 1,504: one API less, or every API at 290M, or another profile, or 3 GiB."""
    manifest = with_profile(guide(), "maximum")
    found = suggestions(make_plan(manifest, budget_for(named(2 * GIB, "test"), BudgetRule())), BudgetRule())
    assert [
        "api 4 -> 3",
        "api memory 400M -> 300M",
        "profile conservative",
        "profile stable",
        "RAM 3G",
    ] == [str(s) for s in found]


@pytest.mark.parametrize(
    ("usable", "said"),
    [
        (1050, ["api 2 -> 1", "api memory 400M -> 350M"]),
        (700, ["api memory 400M -> 240M, mqtt memory 350M -> 210M"]),
        (600, ["api memory 400M -> 200M, mqtt memory 350M -> 180M"]),
        (400, ["api 2 -> 1, api memory 400M -> 210M, mqtt memory 350M -> 180M"]),
        (100, []),
    ],
)
def test_the_answer_says_what_to_change(usable: int, said: list[str]) -> None:
    """One change where one is enough, both kinds together where neither is, and nothing where nothing helps."""
    services = (
        service("api", instances=2, memory=400 * MIB),
        service("mqtt", Kind.SINGLETON, memory=350 * MIB),
    )
    made = plan(services, usable * MIB)
    assert said == [str(s) for s in suggestions(made, BudgetRule()) if s.changes[0].field != "ram"]


def test_a_singleton_is_never_reduced_and_an_open_count_starts_at_its_minimum() -> None:
    """The minimum of a range is what may be lowered when even that is too much."""
    services = (
        service("api", instances=Instances(3, 9), memory=200 * MIB),
        service("one", Kind.SINGLETON, memory=None),
    )
    made = plan(services, 450 * MIB)
    assert PlannedService("api", Kind.SCALABLE, 3, 200 * MIB) == made.services[0]
    found = suggestions(made, BudgetRule())
    assert ["api 3 -> 2", "api memory 200M -> 150M"] == [str(s) for s in found[:2]]


def test_a_third_service_is_not_touched_where_two_are_enough() -> None:
    """450 MiB are freed by the two that can give most, although a third has the largest instances."""
    services = (
        service("a", instances=2, memory=100 * MIB),
        service("b", instances=5, memory=60 * MIB),
        service("c", instances=6, memory=50 * MIB),
    )
    found = of("instances", suggestions(plan(services, 350 * MIB), BudgetRule()))
    assert found is not None
    assert str(found) == "b 5 -> 1, c 6 -> 1"
