"""How soon a look is repeated."""

from __future__ import annotations

from procman.core.pace import GOING_ON_SECONDS, SHARE, Pace
from procman.runtime.caps import NEAR_SECONDS, SECONDS
from procman.runtime.usage import TURN_SECONDS


def test_a_cheap_round_is_repeated_when_it_is_wanted() -> None:
    """What costs next to nothing keeps the pace that was asked for."""
    pace = Pace()
    assert [pace.pause(0.0003, 0.25), pace.pause(0.0003, 0.125)] == [0.25, 0.125]


def test_a_round_of_many_turns_goes_on_soon() -> None:
    """The rest of a round does not wait for the time of the next one."""
    assert Pace().pause(TURN_SECONDS, None) == GOING_ON_SECONDS < NEAR_SECONDS < SECONDS


def test_what_costs_much_is_done_less_often() -> None:
    """Whatever a round costs, all in all it takes a twentieth of a core at most; each round is counted once."""
    pace = Pace()
    pauses = [pace.pause(0.005, None) for _ in range(9)]
    pauses.append(pace.pause(0.005, 0.25))
    assert sum(pauses) >= 0.05 * SHARE
    assert pace.pause(0.0003, 0.25) == 0.25
