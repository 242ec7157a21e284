"""Limits judged by what was measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.manifest import Manifest
from procman.core.measured import Flag, Measurement, margined, measurements, proposals, with_limits
from procman.core.observed import Observed, ObservedUnit
from procman.core.plan import make_plan
from procman.core.quantity import MIB
from tests.support.values import budget, service


@pytest.mark.parametrize(
    ("limit", "peak", "flag", "proposal"),
    [
        (400, 100, Flag.WASTEFUL, 130),
        (260, 100, Flag.GOOD, None),
        (400, 359, Flag.GOOD, None),
        (400, 360, Flag.NEAR, 450),
        (400, 500, Flag.NEAR, 630),
        (None, 200, Flag.NONE, 250),
        (100, 1, Flag.WASTEFUL, 40),
        (80, 1, Flag.GOOD, None),
        (400, None, None, None),
    ],
)
def test_a_limit_is_flagged_and_gets_a_proposal(
    limit: int | None, peak: int | None, flag: Flag | None, proposal: int | None
) -> None:
    """At 90 % it is about to be hit, above twice the proposal it is wasteful; a proposal is the peak + 25 %, in 10M."""
    row = Measurement("api", limit and limit * MIB, peak and peak * MIB, peak and peak * MIB, 9)
    assert (flag, proposal and proposal * MIB) == (row.flag, row.proposal)


@given(st.integers(1, 1 << 42))
def test_a_proposal_once_applied_is_good(peak: int) -> None:
    """The margin holds, and the same measurement never proposes a second time."""
    limit = margined(peak)
    assert limit * 100 >= peak * 125
    assert limit % (10 * MIB) == 0
    row = Measurement("api", limit, peak, peak, 1)
    assert (Flag.GOOD, None) == (row.flag, row.proposal)


def test_the_worst_instance_counts() -> None:
    """Peak and usual of a service are the highest of its instances; another service's are not."""
    manifest = Manifest("p", (service("api", instances=2, memory=400 * MIB), service("api-x", memory=None)))
    observed = Observed(
        1,
        "RUNNING",
        0.0,
        (
            ObservedUnit("api-0", "RUNNING", memory_peak=100 * MIB, memory_usual=90 * MIB, memory_samples=3),
            ObservedUnit("api-1", "RUNNING", memory_peak=120 * MIB, memory_usual=80 * MIB, memory_samples=9),
            ObservedUnit("api-2", "STARTING"),
        ),
    )
    rows = measurements(make_plan(manifest, budget(4000 * MIB)), observed)
    assert rows == (
        Measurement("api", 400 * MIB, 120 * MIB, 90 * MIB, 9),
        Measurement("api-x", None, None, None, 0),
    )
    assert proposals(rows) == {"api": 150 * MIB}
    changed = with_limits(manifest, proposals(rows))
    assert [150 * MIB, None] == [s.memory for s in changed.services]
