"""The restart policy."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.lifecycle import Policy
from procman.core.manifest import Restart
from procman.core.restart import FEW, SLOT, Allowance, Decision, completes, decide, from_text, postponed, to_text
from tests.support.values import restarts

POLICY = Restart(max=3, within=60.0, delay=2.0)


def pauses(policy: Restart, lives: float) -> list[float]:
    """Return the pauses before a service that always lives `lives` seconds is given up."""
    found: list[float] = []
    failures: tuple[float, ...] = ()
    now = 0.0
    while True:
        decision = decide(failures, now, policy)
        if decision.spent:
            return found
        found.append(decision.wait or 0.0)
        failures, now = decision.failures, now + found[-1] + lives


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
    """The fourth failure within the window is one too many for max=3; the unit is tried again after the pause."""
    assert decide((1.0, 2.0), 3.0, POLICY).wait == 4.0
    decision = decide((1.0, 2.0, 3.0), 4.0, POLICY)
    assert (decision.wait, decision.spent) == (300.0, True)


def test_no_restart_is_allowed_with_max_zero() -> None:
    """max=0 means that the first failure is final, but for the new try."""
    assert Decision((), 300.0, spent=True) == decide((), 1.0, Restart(max=0))
    assert Decision((), None, spent=True) == decide((), 1.0, Restart(max=0, retry=None))


def test_pauses_grow_up_to_the_longest() -> None:
    """0, delay, then each the factor times the one before, never above the longest."""
    policy = Restart(max=9, within=600.0, delay=2.0, factor=3, longest=20.0)
    assert pauses(policy, lives=0.0) == [0.0, 2.0, 6.0, 18.0, 20.0, 20.0, 20.0, 20.0, 20.0]


def test_a_delay_above_the_longest_pause_is_kept() -> None:
    """`delay` says what it says, whatever the back-off's maximum is."""
    assert pauses(Restart(max=4, within=600.0, delay=90.0), lives=0.0) == [0.0, 90.0, 90.0, 90.0]


def test_factor_one_keeps_the_pause() -> None:
    """With a factor of 1 every pause is the delay."""
    assert pauses(Restart(max=4, within=600.0, delay=2.0, factor=1), lives=0.0) == [0.0, 2.0, 2.0, 2.0]


@pytest.mark.parametrize("lives", [0.0, 1.2, 11.0])
def test_a_loop_ends_however_long_its_pauses_grow(lives: float) -> None:
    """What the pauses grow by does not count as time: a service that dies every 11 s is given up like a quick one."""
    assert len(pauses(Restart(), lives=lives)) == 5
    assert len(pauses(Restart(longest=3600.0, factor=10), lives=lives)) == 5


def test_a_steady_service_is_forgiven() -> None:
    """After `within` without a failure the next one is the first again."""
    failures: tuple[float, ...] = ()
    now = 0.0
    for _ in range(4):
        decision = decide(failures, now, Restart())
        failures, now = decision.failures, now + (decision.wait or 0.0)
    assert decide(failures, now + 60.0, Restart()).wait == 0.0


def test_one_failure_after_the_new_try_is_enough() -> None:
    """A unit that is tried again has one try, not `max` of them, until it has been steady."""
    spent = decide((1.0, 2.0, 3.0), 4.0, POLICY)
    again = decide(spent.failures, 4.0 + 300.0 + 20.0, POLICY)
    assert (again.wait, again.spent) == (300.0, True)
    steady = decide(spent.failures, 4.0 + 300.0 + 60.0, POLICY)
    assert (steady.wait, steady.spent) == (0.0, False)


@given(chance=st.floats(0, 1), failures=st.integers(1, 9))
def test_pauses_are_spread_by_a_fifth_at_most(chance: float, failures: int) -> None:
    """No pause is shorter than what is written, and none is more than a fifth longer; the second failure's is exact."""
    policy = Restart(max=100, within=1e6, delay=1.0)
    before = tuple(float(n) for n in range(failures))
    plain, spread = decide(before, 100.0, policy).wait or 0.0, decide(before, 100.0, policy, chance).wait or 0.0
    assert plain <= spread <= plain * 1.2
    assert failures > 1 or spread == plain


def test_a_crowd_is_started_one_after_another() -> None:
    """Of two hundred that fail at once no two are started in one slot, none earlier than decided, and none forgiven."""
    taken: set[int] = set()
    decided = decide((99.0,), 100.0, POLICY)
    found = [postponed(decided, taken, 100.0) for _ in range(200)]
    waits = [each.wait or 0.0 for each in found]
    assert all(later - earlier >= SLOT * 0.99 for earlier, later in itertools.pairwise(waits))
    assert waits[0] >= (decided.wait or 0.0)
    assert waits[-1] == pytest.approx(2.0 + 199 * SLOT, abs=2 * SLOT)
    assert all(each.failures[0] - each.wait == pytest.approx(99.0 - 2.0) for each in found if each.wait)
    assert postponed(Decision((1.0,), 0.0), taken, 100.0, quick=False).wait == 0.0, (
        "one that had started waits for none"
    )
    postponed(decided, taken, 200.0)
    assert len(taken) == 1, "what is past is forgotten"


def test_a_few_quick_ends_are_no_crowd() -> None:
    """The first ten that end at once are started at once, the others one after another."""
    taken: set[int] = set()
    waits = [postponed(Decision((1.0,), 0.0), taken, 100.0).wait for _ in range(FEW + 3)]
    assert waits[:FEW] == [0.0] * FEW
    assert [round(wait / SLOT) for wait in waits[FEW:] if wait] == [FEW, FEW + 1, FEW + 2]


@pytest.mark.parametrize(
    ("policy", "code", "done"),
    [
        *(("always", 0, False), ("on-failure", 0, True), ("on-failure", 3, False), ("on-failure", None, False)),
        *(("never", 0, True), ("never", 3, False), ("never", 7, True), ("on-failure", 7, True)),
    ],
)
def test_success_is_an_end_where_the_policy_says_so(policy: str, code: int | None, *, done: bool) -> None:
    """With on-failure and never the exit codes of success complete a service; a signal never does."""
    assert done == completes(code, Allowance(policy=policy, codes=(0, 7)))


def test_never_is_never() -> None:
    """A failure under `never` is the last."""
    assert Decision((5.0,), None, spent=True) == decide((), 5.0, Restart(policy=Policy.NEVER))


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
        failures, wait, spent = decide(failures, now, Allowance(most, within, 0.0))
        if wait is None or spent:
            break
        restarts.append(now)
    assert all(sum(0 <= then - now < within for now in restarts) <= most for then in restarts)


@given(restarts())
def test_text_form_reads_back(policy: Restart) -> None:
    """What an environment variable carries is what was written into it."""
    read = from_text(to_text(policy))
    assert read == tuple(getattr(policy, name) for name in Allowance._fields)


def test_the_text_of_a_plain_policy_is_short() -> None:
    """What says nothing of the newer fields is written as ever, so that an upgrade changes no spec."""
    assert to_text(Restart(3, 30.0, 2.0)) == "3 30.0 2.0"
    assert to_text(Restart(3, 30.0, 2.0, retry=None)) == "3 30.0 2.0 always 2 60.0 never 0"


@pytest.mark.parametrize(
    "text",
    [
        *("", "5", "5 60", "x 60.0 1.0", "5 nan 1.0", "5 inf 1.0", "-1 60.0 1.0", "5 0.0 1.0"),
        *("5 60.0 1.0 often 2 60.0 never 0", "5 60.0 1.0 always 0 60.0 never 0", "5 60.0 1.0 always 2 60.0 never"),
    ],
)
def test_damaged_text_is_refused(text: str) -> None:
    """A text that is no policy is a ValueError, not a policy that never ends."""
    with pytest.raises(ValueError):  # noqa: PT011 - the message is Python's in half of the cases
        from_text(text)
