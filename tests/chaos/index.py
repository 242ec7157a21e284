"""Every attack, in the order of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos import crowd, descendants, hands, instants, kills, managers, pauses, steps
from tests.chaos.arena import Arena


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack: `small` rounds for every change, `full` for the table. `share` of the time of a full run.

    `control`: without the lock it makes two. Crowd and steps do not, by supervisord's own socket: they ask for answers.
    `seconds`: when the small one ends at the latest.
    """

    name: str
    title: str
    run: Callable[[Arena, int], None]
    small: int
    full: int
    share: float = 1.0
    control: bool = True
    seconds: float = 8.0


ATTACKS = (
    Attack("kills", kills.TITLE, kills.attack, kills.SMALL, kills.FULL, 1.5),
    Attack("steps", steps.TITLE, steps.attack, steps.SMALL, steps.FULL, control=False, seconds=40.0),
    Attack("crowd", crowd.TITLE, crowd.attack, crowd.SMALL, crowd.FULL, 1.5, control=False, seconds=240.0),
    Attack("managers", managers.TITLE, managers.attack, managers.SMALL, managers.FULL),
    Attack("hands", hands.TITLE, hands.attack, hands.SMALL, hands.FULL),
    Attack("descendants", descendants.TITLE, descendants.attack, descendants.SMALL, descendants.FULL),
    Attack("pauses", pauses.TITLE, pauses.attack, pauses.SMALL, pauses.FULL, seconds=40.0),
    Attack("instants", instants.TITLE, instants.attack, instants.SMALL, instants.FULL, 0.5),
)
