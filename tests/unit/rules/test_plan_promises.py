"""What holds for every plan that the rules let through, whatever the manifest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from procman.core.diagnostics import errors
from procman.core.manifest import Instances, Kind, Manifest, Overlay, Profile, with_profile, with_scale
from procman.core.plan import make_plan
from procman.core.quantity import MIB
from procman.rules import engine
from procman.rules.base import Context
from tests.support.values import budget, service

COUNTS = st.builds(
    lambda low, more: Instances(low, None if more is None else low + more),
    st.integers(1, 4),
    st.none() | st.integers(0, 5),
)
SERVICES = st.lists(
    st.builds(
        service,
        st.sampled_from("abcdef"),
        st.sampled_from(Kind),
        instances=COUNTS,
        memory=st.none() | st.integers(1, 500).map(lambda n: n * MIB),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda s: s.name,
)


@given(SERVICES, st.integers(0, 4000), COUNTS, st.integers(1, 6), st.booleans(), st.booleans())
def test_no_plan_that_passes_exceeds_its_budget_or_holds_two_of_a_singleton(
    services: list[object], usable: int, overlaid: Instances, scaled: int, profiled: bool, forced: bool
) -> None:
    """As written, under a profile and scaled: without an error the sum fits, and each singleton runs once.

    ``--force`` lets a plan pass that is over budget, never one above the RAM, and never a second singleton.
    """
    first = services[0].name  # type: ignore[attr-defined]
    manifest = Manifest("p", tuple(services), (Profile("x", None, ((first, Overlay(overlaid)),)),))  # type: ignore[arg-type]
    if profiled:
        manifest = with_profile(manifest, "x")
    if scaled > 1:
        manifest = with_scale(manifest, {first: scaled})
    plan = make_plan(manifest, budget(usable * MIB))
    if errors(tuple(engine.run(Context(manifest, None, plan, forced)))):
        return
    assert plan.required <= (plan.budget.machine.ram if forced else plan.budget.usable)
    assert all(s.instances == 1 for s in plan.services if s.kind is Kind.SINGLETON)
