"""When something is done about an instance's memory."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core import caps
from procman.core.caps import CALM, OFTEN, OFTEN_SECONDS, OVER_SECONDS, PAUSE_SECONDS, REPLACE, RESTART, WARN, Watched

MIB = 1 << 20


def looks(watched: Watched, *sizes: tuple[float, int], soft: int = 100, hard: int | None = 150) -> list[str | None]:
    """Return what each look at (time, MiB) says."""
    return [caps.judge(watched, size * MIB, soft * MIB, None if hard is None else hard * MIB, at) for at, size in sizes]


def test_it_warns_once_before_the_limit() -> None:
    """From 90 % on there is one warning, and another only after it was below 80 %."""
    watched = Watched()
    assert looks(watched, (0, 89), (1, 90), (2, 95), (3, 85), (4, 92)) == [None, WARN, None, None, None]
    assert looks(watched, (5, 79), (6, 91)) == [CALM, WARN]


def test_over_the_limit_for_half_a_second_is_replaced() -> None:
    """A look over the limit warns, one half a second later replaces; a dip in between begins anew."""
    watched = Watched()
    assert looks(watched, (0.0, 101), (0.25, 105), (OVER_SECONDS, 105)) == [WARN, None, REPLACE]
    watched = Watched()
    assert looks(watched, (0.0, 101), (0.25, 99), (0.5, 101), (0.75, 101)) == [WARN, None, None, None]


def test_what_will_soon_be_over_is_looked_at_more_often() -> None:
    """From 80 % on, or when two more steps like the last one reach the limit; not when it stands still below."""
    watched = Watched()
    close = [looks(watched, (at, size)) and watched.close for at, size in ((0, 20), (1, 40), (2, 61), (3, 61), (4, 80))]
    assert close == [False, False, True, False, True]


def test_over_the_hard_limit_nothing_is_waited_for() -> None:
    """The first look above it ends the process; without a hard limit it is one over the soft one."""
    assert looks(Watched(), (0, 151)) == [RESTART]
    assert looks(Watched(), (0, 151), hard=None) == [WARN]


def test_a_limit_that_is_too_low_does_not_replace_without_end() -> None:
    """After a replacement the next one waits half a minute, and the third within three minutes is often."""
    watched = Watched()
    assert not caps.replaced(watched, 0.0)
    assert looks(watched, (1, 120), (2, 120)) == [WARN, None]
    assert looks(watched, (PAUSE_SECONDS, 120)) == [REPLACE]
    assert not caps.replaced(watched, PAUSE_SECONDS)
    assert caps.replaced(watched, 60.0)
    assert not caps.often(watched, 60.0 + OFTEN_SECONDS)


def test_what_calms_down_is_not_replaced_any_more() -> None:
    """It was over its limit, then far below: what was counted towards a replacement is forgotten."""
    watched = Watched()
    assert looks(watched, (0.0, 110), (0.25, 110), (0.4, 79)) == [WARN, None, CALM]
    assert watched.over is None
    assert looks(watched, (0.5, 110), (0.9, 110), (1.0, 110)) == [WARN, None, REPLACE]


def test_what_never_came_near_does_not_calm_down() -> None:
    """An instance that stays low says nothing at all."""
    assert looks(Watched(), (0, 10), (1, 79), (2, 10)) == [None, None, None]


@pytest.mark.parametrize(
    ("exact", "hard", "replaced", "confirmed"),
    [
        (100, None, None, False),
        (100, 150, None, False),
        (101, None, None, True),
        (101, 150, 60.0, False),
        (151, 150, 60.0, True),
        (151, None, 60.0, False),
        (101, 150, 71.0 - PAUSE_SECONDS, True),
    ],
)
def test_the_exact_size_has_the_last_word(
    exact: int, hard: int | None, replaced: float | None, confirmed: bool
) -> None:
    """Shared memory that was counted twice replaces nobody; above the soft limit alone the half minute holds."""
    watched = Watched()
    watched.over, watched.replaced = 70.0, (replaced,) if replaced is not None else ()
    assert confirmed == caps.confirmed(watched, exact, 100, hard, 71.0)
    assert (watched.over is None) == (exact <= 100)


def test_over_the_hard_limit_by_what_is_shared_waits_as_ever() -> None:
    """By its exact size it is over the soft limit alone: half a second, as if it had been measured so at first."""
    watched = Watched()
    assert looks(watched, (0.0, 200)) == [RESTART]
    assert [caps.confirmed(watched, 120, 100, 150, at) for at in (0.0, 0.25, OVER_SECONDS)] == [False, False, True]


@given(st.lists(st.tuples(st.floats(0.01, 5), st.integers(0, 200)), max_size=200))
def test_no_instance_is_replaced_more_often_than_every_half_minute_below_the_hard_limit(
    steps: list[tuple[float, int]],
) -> None:
    """Whatever is measured, graceful replacements keep their distance, and little is kept."""
    watched, now, done = Watched(), 0.0, list[float]()
    for wait, size in steps:
        now += wait
        verdict = caps.judge(watched, size, 100, None, now)
        if verdict == REPLACE:
            caps.replaced(watched, now)
            done.append(now)
    assert all(later - sooner >= PAUSE_SECONDS for sooner, later in pairwise(done))
    assert len(watched.replaced) <= caps.KEPT
    assert len(done) < OFTEN or now > PAUSE_SECONDS
