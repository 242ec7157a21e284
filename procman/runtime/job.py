"""One replacement or retirement that is under way: what is kept of it, and what the history is told. Does nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from procman.core import rolling as rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.inside import GroupConfig


class Job:
    """One replacement or retirement. `phase` is of `core.rolling`; `why` it failed, `off` that nobody wants it now."""

    __slots__ = ("began", "config", "number", "off", "phase", "quiet", "reason", "since", "spare", "way", "why")

    def __init__(self, number: int, way: str, reason: str, config: GroupConfig) -> None:
        self.number, self.way, self.reason = number, way, reason
        self.config = config
        self.phase = ""
        self.began = self.since = self.quiet = time.monotonic()
        self.why: str | None = None
        self.off: str | None = None
        self.spare: str | None = None

    def tell(self, unit: str, note: Callable[..., None]) -> None:
        """Note that its phase has begun, where that is an event."""
        event = rules.event(self.way, self.phase)
        if event is not None:
            over, seconds = rules.over(self.phase), round(time.monotonic() - self.began, 3)
            reason = self.why if over else (None if self.phase == rules.LEAVING else self.reason)
            note(event, unit, way=self.way, reason=reason, seconds=seconds if over else None)
