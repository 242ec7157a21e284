"""One replacement or retirement that is under way: what is kept of it, and what the history is told. Does nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from procman.core import rolling as rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.inside import GroupConfig
    from procman.runtime.listeners import Listeners
    from procman.runtime.readiness import Readiness
    from procman.runtime.restarts import Restarts


class Rooms(NamedTuple):
    """What a job works with.

    `call` calls something in so many seconds; `serve` lets traffic follow a unit's state, `swapped` the records of two
    processes that have changed names; `note` notes an event of a unit.
    """

    call: Callable[[float, Callable[[], None]], None]
    log: Callable[[str], None]
    listeners: Listeners
    readiness: Readiness
    restarts: Restarts
    serve: Callable[[str], None]
    swapped: Callable[[str], None]
    note: Callable[..., None]


class Job:
    """One replacement or retirement. `phase` is of `core.rolling`; `why` it failed, `off` that nobody wants it now.

    `peers`: units that must be down, too, before this one begins anew.
    """

    __slots__ = (
        "began",
        "config",
        "number",
        "off",
        "peers",
        "phase",
        "quiet",
        "reason",
        "since",
        "spare",
        "way",
        "why",
    )

    def __init__(self, number: int, way: str, reason: str, config: GroupConfig) -> None:
        self.number, self.way, self.reason = number, way, reason
        self.config = config
        self.phase = ""
        self.began = self.since = self.quiet = time.monotonic()
        self.why: str | None = None
        self.off: str | None = None
        self.spare: str | None = None
        self.peers: set[str] = set()

    def tell(self, unit: str, note: Callable[..., None]) -> None:
        """Note that its phase has begun, where that is an event."""
        event = rules.event(self.way, self.phase)
        if event is not None:
            over, seconds = rules.over(self.phase), round(time.monotonic() - self.began, 3)
            reason = self.why if over else (None if self.phase == rules.LEAVING else self.reason)
            note(event, unit, way=self.way, reason=reason, seconds=seconds if over else None)
