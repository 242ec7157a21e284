"""The restart policy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.manifest import Restart
from procman.core.restart import Allowance, Decision, decide, from_text, to_text

POLICY = Restart(max=3, within=60.0, delay=2.0)


def test_first_failure_is_followed_by_a_start_at_once() -> None:
    """The first failure costs no delay."""
    assert Decision((100.0,), 0.0) == decide((), 100.0, POLICY)


def test_second_failure_in_the_window_waits_for_the_delay() -> None:
    """From the second failure on, the delay applies."""
    assert Decision((100.0, 159.0), 2.0) == decide((100.0,), 159.0, POLICY)


def test_failure_outside_the_window_counts_no_more() -> None:
    """A failure that is `within` old or older is forgotten."""
    assert Decision((160.0,), 0.0) == decide((100.0,), 160.0, POLICY)


def test_more_failures_than_allowed_end_it() -> None:
    """The fourth failure within the window is one too many for max=3."""
    assert Decision((1.0, 2.0, 3.0), 2.0) == decide((1.0, 2.0), 3.0, POLICY)
    assert Decision((1.0, 2.0, 3.0, 4.0), None) == decide((1.0, 2.0, 3.0), 4.0, POLICY)


def test_no_restart_is_allowed_with_max_zero() -> None:
    """max=0 means that the first failure is final."""
    assert decide((), 1.0, Restart(max=0)).wait is None


@given(
    gaps=st.lists(st.floats(0, 100), min_size=1, max_size=60),
    most=st.integers(0, 10),
    within=st.floats(0.1, 100),
)
def test_no_window_holds_more_restarts_than_allowed(gaps: list[float], most: int, within: float) -> None:
    """Whatever the times of failures, no window of `within` seconds holds more than `max` restarts."""
    now = 0.0
    failures: tuple[float, ...] = ()
    restarts: list[float] = []
    for gap in gaps:
        now += gap
        failures, wait = decide(failures, now, Allowance(most, within, 0.0))
        if wait is None:
            break
        restarts.append(now)
    assert all(sum(0 <= then - now < within for now in restarts) <= most for then in restarts)


@given(st.integers(0, 1000), st.floats(0.001, 1e6), st.floats(0, 1e6))
def test_text_form_reads_back(most: int, within: float, delay: float) -> None:
    """What an environment variable carries is what was written into it."""
    policy = Allowance(most, within, delay)
    assert policy == from_text(to_text(policy))


@pytest.mark.parametrize("text", ["", "5", "5 60", "x 60.0 1.0", "5 nan 1.0", "5 inf 1.0", "-1 60.0 1.0", "5 0.0 1.0"])
def test_damaged_text_is_refused(text: str) -> None:
    """A text that is no policy is a ValueError, not a policy that never ends."""
    with pytest.raises(ValueError):  # noqa: PT011 - the message is Python's in half of the cases
        from_text(text)
