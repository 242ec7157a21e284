"""How soon a look is repeated: often, but for a twentieth of a core at most, and rarely when it stalls. Pure."""

from __future__ import annotations

GOING_ON_SECONDS = 0.05
"""Until a round goes on that takes more than one turn. At the time of the next round a leak would be seen too late."""

SHARE = 20


LONG_SECONDS = 1.0
REST_SECONDS, LONGEST_REST = 5.0, 3600.0


class Rest:
    """When work that took long rests, for twice as long each time in a row. Times in seconds of one clock."""

    __slots__ = ("_pause", "_until")

    def __init__(self) -> None:
        self._pause = self._until = 0.0

    def holds(self, now: float) -> bool:
        """Tell whether it rests now."""
        return now < self._until

    def took(self, began: float, ended: float) -> float:
        """Keep in mind how long it took; return how long it rests, 0 for not at all."""
        if ended - began < LONG_SECONDS:
            self._pause = 0.0
            return 0.0
        self._pause = min(max(REST_SECONDS, 2 * self._pause), LONGEST_REST)
        self._until = ended + self._pause
        return self._pause


class Pace:
    """The pace of one look. Times in seconds; `spent` is processor time."""

    __slots__ = ("_rest", "_spent")

    def __init__(self) -> None:
        self._spent = 0.0
        self._rest = Rest()

    def pause(self, spent: float, wanted: float | None, took: float = 0.0) -> float:
        """Return how long to wait after a turn that took `spent`; `wanted` after a whole round, None within one.

        `took` is its time on the wall: a turn that waits for something is to come less often.
        """
        rest = self._rest.took(0.0, took)
        self._spent += spent
        if rest:
            return rest
        if wanted is None:
            return GOING_ON_SECONDS
        wait, self._spent = max(wanted, self._spent * SHARE), 0.0
        return wait
