"""When something is done about an instance's memory."""

from __future__ import annotations

from itertools import pairwise

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
