"""How soon a look is repeated, or goes on: often, but for a twentieth of a core at most. Pure."""

from __future__ import annotations

GOING_ON_SECONDS = 0.05
"""Until a round goes on that takes more than one turn. At the time of the next round a leak would be seen too late."""

SHARE = 20


class Pace:
    """The pace of one look. Times in seconds; `spent` is processor time."""

    __slots__ = ("_spent",)

    def __init__(self) -> None:
        self._spent = 0.0

    def pause(self, spent: float, wanted: float | None) -> float:
        """Return how long to wait after a turn that took `spent`; `wanted` after a whole round, None within one."""
        self._spent += spent
        if wanted is None:
            return GOING_ON_SECONDS
        wait, self._spent = max(wanted, self._spent * SHARE), 0.0
        return wait
