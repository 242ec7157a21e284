"""Plans: which instances run and whether they fit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.budget import Verdict, budget_for
from procman.core.machine import named
from procman.core.manifest import (
    BudgetRule,
    Instances,
    Kind,
    Manifest,
    Overlay,
    Profile,
    Service,
    overridden,
    with_profile,
    with_scale,
)
from procman.core.plan import MOST_INSTANCES, PlannedService, ProfileRow, make_plan, planned
from procman.core.quantity import GIB, MIB
from tests.support.values import budget, guide, service

COUNTS = st.builds(
    lambda low, more: Instances(low, None if more is None else low + more),
    st.integers(1, 5),
    st.none() | st.integers(0, 8),
)
SERVICES = st.lists(
    st.builds(
        service,
        st.sampled_from("abcdefgh"),
        st.sampled_from(Kind),
        instances=COUNTS,
        memory=st.none() | st.integers(1, 600 * MIB),
    ),
    max_size=6,
    unique_by=lambda s: s.name,
)


@pytest.mark.parametrize(
    ("profile", "required", "on_2g", "on_4g"),
    [
        ("conservative", 1100, Verdict.SAFE_WITH_SWAP, Verdict.VERY_SAFE),
        ("stable", 850, Verdict.VERY_SAFE, Verdict.VERY_SAFE),
        ("maximum", 1900, Verdict.OVER_BUDGET, Verdict.SAFE_WITH_SWAP),
    ],
)
def test_the_guides_options_sum_to_what_the_guide_says(
    profile: str, required: int, on_2g: Verdict, on_4g: Verdict
) -> None:
    """The three options need 1,100, 850 and 1,900 MiB; the verdict is that of the machine."""
    found = []
    for ram in (2 * GIB, 4 * GIB):
        plan = make_plan(with_profile(guide(), profile), budget_for(named(ram, "test"), BudgetRule()))
        found.append((plan.profile, plan.required, plan.verdict))
    assert [(profile, required * MIB, on_2g), (profile, required * MIB, on_4g)] == found


@pytest.mark.parametrize(("ram", "name"), [(2 * GIB, "conservative"), (4 * GIB, "maximum"), (GIB, None)])
def test_the_largest_profile_that_is_safe_with_swap_is_recommended(ram: int, name: str | None) -> None:
    """2G recommends conservative, 4G maximum, and 1G, where none is safe, nothing."""
    plan = make_plan(guide(), budget_for(named(ram, "test"), BudgetRule()))
    assert ([name] if name else []) == [row.name for row in plan.profiles if row.recommended]


def test_of_two_equal_profiles_one_is_recommended() -> None:
    """Equal sums recommend the first of the file, and only that one."""
    twins = tuple(Profile(name, None, (("api", Overlay(memory=50 * MIB)),)) for name in ("one", "two"))
    plan = make_plan(Manifest("p", (service(),), twins), budget(1000 * MIB))
    row = ProfileRow("one", None, 50 * MIB, Verdict.VERY_SAFE, recommended=True)
    assert (row, replace(row, name="two", recommended=False)) == plan.profiles


def test_profiles_are_compared_as_written_whatever_is_chosen() -> None:
    """A profile's sum does not hang on the profile or the scale that is laid over the services."""
    manifest = Manifest(
        "p",
        (service("api", memory=100 * MIB), service("web", memory=100 * MIB)),
        (
            Profile("big", None, (("api", Overlay(Instances(4, 4), 200 * MIB)),)),
            Profile("small", None, (("web", Overlay(memory=50 * MIB)),)),
        ),
    )
    room = budget(4000 * MIB)
    rows = make_plan(manifest, room).profiles
    assert [("big", 900 * MIB), ("small", 150 * MIB)] == [(row.name, row.required) for row in rows]
    assert rows == make_plan(with_profile(manifest, "big"), room).profiles
    assert rows == make_plan(with_scale(manifest, {"api": 9, "web": 2}), room).profiles


def test_range_grows_to_80_percent_and_no_further() -> None:
    """Eight instances of 100 MiB fill 80 % of 1,000 MiB; the ninth stays out."""
    auto = service(instances=Instances(1, None), memory=100 * MIB)
    assert (PlannedService("api", Kind.SCALABLE, 8, 100 * MIB),) == planned((auto,), budget(1000 * MIB))


def test_range_stops_at_its_upper_bound() -> None:
    """With room for eight, a range up to three gives three."""
    ranged = service(instances=Instances(1, 3), memory=100 * MIB)
    assert [3] == [s.instances for s in planned((ranged,), budget(1000 * MIB))]


def test_lower_bounds_and_fixed_counts_are_given_even_when_they_do_not_fit() -> None:
    """A plan that does not fit is told as such; it is not made smaller in silence."""
    asked = (service("a", instances=9, memory=GIB), service("b", instances=Instances(2, 5), memory=GIB))
    assert [9, 2] == [s.instances for s in planned(asked, budget(1000 * MIB))]


def test_services_that_may_grow_grow_in_turn() -> None:
    """The service with the fewest instances is next; of equals the first by name."""
    growing = (service("b", instances=Instances(1, None)), service("a", instances=Instances(1, None)))
    counts = {s.name: s.instances for s in planned(growing, budget(900 * MIB))}
    assert {"a": 4, "b": 3} == counts


def test_unlimited_memory_and_tiny_memory_have_an_end() -> None:
    """`auto` without a limit stays at one; with a limit of one byte it ends at the most that is allowed."""
    auto = Instances(1, None)
    assert [1, MOST_INSTANCES] == [
        s.instances
        for s in planned(
            (service("a", instances=auto, memory=None), service("b", instances=auto, memory=1)), budget(GIB)
        )
    ]


@given(SERVICES, st.integers(0, 4000 * MIB))
def test_growing_never_passes_80_percent(services: list[Service], usable: int) -> None:
    """A plan is at most 80 % of the usable RAM, or exactly its lower bounds when these are more already."""
    required = sum(s.required for s in planned(tuple(services), budget(usable)))
    lowest = sum((s.memory or 0) * s.instances.low for s in services)
    assert required == lowest or required * 100 <= usable * 80


@given(SERVICES, st.integers(0, 4000 * MIB))
def test_plan_stays_within_what_is_written(services: list[Service], usable: int) -> None:
    """A singleton gets the count that is written and no other; a range is never left."""
    for asked, got in zip(services, planned(tuple(services), budget(usable)), strict=True):
        assert (asked.name, asked.kind, asked.memory) == (got.name, got.kind, got.memory)
        high = asked.instances.low if asked.kind is Kind.SINGLETON else asked.instances.high
        assert asked.instances.low <= got.instances <= (MOST_INSTANCES if high is None else high)


@given(SERVICES, st.integers(0, 4000 * MIB), st.randoms(use_true_random=False))
def test_order_of_the_file_does_not_matter(services: list[Service], usable: int, random: object) -> None:
    """The same services in another order get the same counts."""
    shuffled = list(services)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    room = budget(usable)
    assert set(planned(tuple(services), room)) == set(planned(tuple(shuffled), room))


def test_profile_is_laid_over_and_scale_over_that() -> None:
    """What a profile does not name stays as written; scale has the last word on counts and is on record."""
    manifest = with_scale(with_profile(guide(), "stable"), {"api": 3})
    plan = make_plan(manifest, budget(8 * GIB))
    assert (
        PlannedService("api", Kind.SCALABLE, 3, 500 * MIB),
        PlannedService("mqtt", Kind.SINGLETON, 1, 350 * MIB),
    ) == plan.services
    assert ("stable", (("api", 3),), 3, 0) == (plan.profile, plan.scaled, plan.count("api"), plan.count("nobody"))
    assert overridden(manifest) == (("api", 3),)


def test_a_count_that_the_manifest_says_itself_is_asked_for_and_no_override() -> None:
    """Under the profile, where there is one; the rules see that it was asked for all the same."""
    stable = with_profile(guide(), "stable")
    for manifest in (guide(), stable):
        service = manifest.service("api")
        assert service is not None
        asked = with_scale(manifest, {"api": service.instances.low})
        assert (asked.scaled, overridden(asked)) == ((("api", service.instances.low),), ())


def test_unknown_profile_is_a_key_error() -> None:
    """A profile that is not there is never taken for the services as written."""
    with pytest.raises(KeyError, match="huge"):
        with_profile(guide(), "huge")
