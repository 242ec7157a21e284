"""How a replacement goes: every road through its phases ends, and the old process goes only for a ready one."""

from __future__ import annotations

from itertools import product

import pytest

from procman.core import rolling
from procman.core.rolling import Seen, Step

UP = Seen(main=True, spare=True)


@pytest.mark.parametrize(
    ("phase", "seen", "expected"),
    [
        (rolling.WARMING, UP, Step(rolling.WARMING)),
        (rolling.WARMING, UP._replace(ready=True), Step(rolling.LEAVING, rolling.SWAP)),
        (rolling.WARMING, UP._replace(hopeless="died"), Step(rolling.CLEARING, rolling.STOP_SPARE, "died")),
        (rolling.CLEARING, UP, Step(rolling.CLEARING)),
        (rolling.CLEARING, Seen(main=True), Step(rolling.FAILED, rolling.FORGET_SPARE)),
        (rolling.LEAVING, UP, Step(rolling.LEAVING)),
        (rolling.LEAVING, Seen(main=True), Step(rolling.DONE, rolling.FORGET_SPARE)),
        (rolling.STOPPING, Seen(main=True), Step(rolling.STOPPING)),
        (rolling.STOPPING, Seen(), Step(rolling.STARTING, rolling.START)),
        (rolling.STARTING, Seen(main=True), Step(rolling.STARTING)),
        (rolling.STARTING, Seen(main=True, ready=True), Step(rolling.DONE)),
        (rolling.STARTING, Seen(hopeless="died"), Step(rolling.FAILED, None, "died")),
        (rolling.EMPTYING, Seen(main=True), Step(rolling.EMPTYING)),
        (rolling.EMPTYING, Seen(main=True, quiet=rolling.QUIET_SECONDS), Step(rolling.ENDING, rolling.STOP)),
        (rolling.EMPTYING, Seen(main=True, seconds=rolling.PATIENCE_SECONDS), Step(rolling.ENDING, rolling.STOP)),
        (rolling.EMPTYING, Seen(), Step(rolling.DONE)),
        (rolling.ENDING, Seen(main=True), Step(rolling.ENDING)),
        (rolling.ENDING, Seen(), Step(rolling.DONE)),
    ],
)
def test_what_follows(phase: str, seen: Seen, expected: Step) -> None:
    """One phase and what is seen give one step."""
    assert expected == rolling.follow(phase, seen)


def test_the_old_process_goes_only_for_a_ready_one() -> None:
    """Whatever is seen while a replacement warms up, names are changed only when it is ready and there is hope."""
    for main, spare, ready, hopeless in product((True, False), (True, False), (True, False), (None, "died")):
        step = rolling.follow(rolling.WARMING, Seen(main, spare, ready, hopeless))
        assert (step.act == rolling.SWAP) == (ready and hopeless is None)


@pytest.mark.parametrize("way", [rolling.BESIDE, rolling.IN_PLACE, rolling.ANEW, rolling.RETIRE])
def test_every_road_ends(way: str) -> None:
    """When processes that are told to end do so, every beginning comes to an end within a few steps."""
    for ready, hopeless in ((True, None), (False, "died")):
        phase = rolling.first(way).phase
        for _ in range(5):
            down = phase in (rolling.CLEARING, rolling.LEAVING, rolling.STOPPING, rolling.PARTING, rolling.ENDING)
            phase = rolling.follow(phase, Seen(not down, not down, ready, hopeless, 99, 99)).phase
            if rolling.over(phase):
                break
        assert rolling.over(phase)


def test_made_anew_when_down() -> None:
    """It is told to end as long as it runs, whatever may have started it again, and made anew when it is down."""
    assert rolling.first(rolling.ANEW) == Step(rolling.PARTING)
    assert rolling.follow(rolling.PARTING, Seen(main=True)) == Step(rolling.PARTING, rolling.STOP)
    assert rolling.follow(rolling.PARTING, Seen()) == Step(rolling.DONE, rolling.RENEW)
