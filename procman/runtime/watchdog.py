"""Keeps procman's steps on supervisord's only thread short: one that takes too long is broken off. Ends nothing else.

An alarm interrupts what waits or loops, and its handler raises in the step. Never in supervisord's own functions, which
a step may have called: a process that was forked and not yet noted would run twice. What the kernel lets nobody
interrupt (a disk that hangs) is measured when it is over.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType, FrameType

BUDGET = 1.5
"""Seconds that a step may take."""

GRACE = 0.5
"""Seconds that it gets on top: supervisord may have been stopped, or had no processor, all that time."""

OWNERS = ("supervisor", "procman.runtime.border", __name__)
"""Functions of these modules, or of a package of that name, are never broken off."""


class Stalled(Exception):
    """A step was broken off."""


class Step:
    """One step that is under way. `alarms`: how often it was found to be late; `since` leaves out steps within it."""

    __slots__ = ("alarms", "since", "started")

    def __init__(self) -> None:
        self.since = self.started = time.monotonic()
        self.alarms = 0


class Watchdog:
    """The steps that are under way, one within the other. `code` is the function that runs them."""

    def __init__(self, code: CodeType) -> None:
        self._code = code
        self._steps: list[Step] = []

    def enter(self) -> Step:
        """Begin a step."""
        step = Step()
        self._steps.append(step)
        return step

    def leave(self, step: Step) -> float:
        """End a step; return how many seconds it took, without the steps within it."""
        now = time.monotonic()
        del self._steps[self._steps.index(step) :]
        if self._steps:  # whoever called it is not late for it
            self._steps[-1].since += now - step.started
            self._steps[-1].alarms = 0
        return now - step.since

    def due(self) -> float | None:
        """Return in how many seconds to look at the step that is under way; None without one."""
        if not self._steps:
            return None
        step = self._steps[-1]
        return GRACE if step.alarms else max(GRACE / 10, step.since + BUDGET - time.monotonic())

    def alarm(self, frame: FrameType | None) -> None:
        """Look at the step that is under way in `frame`; Stalled when it is to be broken off there."""
        if not self._steps or time.monotonic() - self._steps[-1].since < BUDGET:
            return
        self._steps[-1].alarms += 1
        if self._steps[-1].alarms > 1 and self._ours(frame):
            raise Stalled(f"it took more than {time.monotonic() - self._steps[-1].since:.1f} s")

    def _ours(self, frame: FrameType | None) -> bool:
        """Tell whether everything between the step's beginning and `frame` may be broken off."""
        inner = frame
        while frame is not None and frame.f_code is not self._code:
            name = frame.f_globals.get("__name__", "")
            if any(name == owner or name.startswith(f"{owner}.") for owner in OWNERS):
                return False
            frame = frame.f_back
        return frame is not None and frame is not inner
