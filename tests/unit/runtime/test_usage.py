"""Peak and usual memory out of few numbers, and rounds that never take long."""

from __future__ import annotations

import os
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from procman.runtime.usage import KEPT, Memory, Usage


def memory(*samples: int) -> Memory:
    """Return what is kept of `samples`."""
    kept = Memory()
    for sample in samples:
        kept.add(sample)
    return kept


@given(st.lists(st.integers(1, 1 << 40), min_size=1, max_size=KEPT - 1))
def test_few_samples_are_kept_exactly(samples: list[int]) -> None:
    """Until there are too many, peak and median are those of all samples."""
    kept = memory(*samples)
    assert (max(samples), sorted(samples)[len(samples) // 2], len(samples)) == (kept.peak, kept.usual, kept.seen)


@given(st.integers(1, 20_000))
def test_many_samples_take_no_more_room(number: int) -> None:
    """However many there are, fewer than 64 are kept, and the usual of a steady rise stays near its middle."""
    kept = memory(*range(1, number + 1))
    assert len(kept._samples) < KEPT
    assert (number, number) == (kept.peak, kept.seen)
    assert abs(kept.usual - number / 2) <= max(2, number * 0.06)


def test_a_short_peak_is_kept_although_its_sample_is_dropped() -> None:
    """The peak is never thinned out."""
    assert memory(*[10] * 999, 500, *[10] * 5000).peak == 500


def test_nothing_measured_is_nothing() -> None:
    """A unit that was not seen yet has no memory on record."""
    usage = Usage(list)
    assert (0, 0, 0) == ((m := usage.of("api-0")).peak, m.usual, m.seen)


def test_a_round_measures_this_very_process() -> None:
    """A round that has all the time it needs ends in one turn, with a plausible size."""
    usage = Usage(lambda: [("me-0", os.getpid()), ("gone-0", 1 << 22)], clock=lambda: 0.0)
    usage.turn()
    assert usage.of("me-0").seen == 1
    assert 4 << 20 < usage.of("me-0").usual < 4 << 30
    assert usage.of("gone-0").seen == 0


def test_a_turn_stops_when_its_time_is_over() -> None:
    """With a clock that runs out at once each turn takes one step, and the round still comes to its end."""
    ticks = count()
    usage = Usage(lambda: [("me-0", os.getpid())], clock=lambda: float(next(ticks)))
    taken = 0
    while not usage.of("me-0").seen and taken < 40_000:
        usage.turn()
        taken += 1
    assert 1 < taken < 40_000


def test_a_second_look_follows_what_the_process_has_now() -> None:
    """Between two looks at the page tables the change of the RSS is added, whichever way it goes."""
    usage = Usage(lambda: [("me-0", os.getpid())], clock=lambda: 0.0)
    usage.turn()
    before = usage.of("me-0").peak
    kept = b"x" * (64 << 20)
    usage.turn()
    assert usage.of("me-0").peak - before > 48 << 20, len(kept)


def test_other_units_are_forgotten() -> None:
    """Only what is still there is kept."""
    usage = Usage(lambda: [("a-0", os.getpid()), ("b-0", os.getpid())], clock=lambda: 0.0)
    usage.turn()
    usage.forget_all_but({"b-0"})
    assert (0, 1) == (usage.of("a-0").seen, usage.of("b-0").seen)
