"""Looks after the memory of every instance about once a second: measures it, holds it to its limit. Only wires."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from supervisor.states import SupervisorStates

from procman.runtime import inside
from procman.runtime.again import Again
from procman.runtime.caps import SECONDS, Caps

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.border import Border
    from procman.runtime.chronicle import Chronicle
    from procman.runtime.inside import Process, Supervisord
    from procman.runtime.loop import Wake
    from procman.runtime.restarts import Restarts
    from procman.runtime.usage import Usage


class Keeper:
    """One for each supervisord. `supervisord` returns the object that is followed now."""

    def __init__(
        self,
        state: str,
        supervisord: Callable[[], Supervisord],
        usage: Usage,
        chronicle: Chronicle,
        restarts: Restarts,
        wake: Wake,
        border: Border,
    ) -> None:
        self._supervisord = supervisord
        self._wake = wake
        self._usage = usage
        self._again = Again(self._call, self._startable, chronicle, restarts)
        self._caps = Caps(state, self._processes, usage, chronicle.journal, self._again)
        self._border = border
        self._turn = border.around("measuring memory", self._look)
        self._begun = 0

    def begin(self) -> None:
        """Begin to look; once, however often asked."""
        if self._begun != os.getpid():
            self._begun = os.getpid()
            self._turn()

    def changed(self, process: Process) -> None:
        """Follow a change of state of `process`."""
        self._again.changed(process)
        if not process.pid or process.state not in inside.ALIVE:
            self._caps.ended(process.config.name)

    def of(self, unit: str) -> dict[str, object]:
        """Return what the report says of the memory of `unit`."""
        memory = self._usage.of(unit)
        return {
            "memory_peak": memory.peak or None,
            "memory_usual": memory.usual or None,
            "memory_samples": memory.seen,
            "memory": self._caps.of(unit),
        }

    def forget_all_but(self, units: set[str]) -> None:
        """Drop what is known of other units."""
        self._usage.forget_all_but(units)
        self._caps.forget_all_but(units)

    def _look(self) -> None:
        pause = SECONDS
        try:
            if self._usage.turn():
                pause = self._caps.look()
        finally:
            self._wake.call(pause, self._turn)

    def _processes(self) -> list[Process]:
        return inside.processes(self._supervisord())

    def _call(self, seconds: float, work: Callable[[], None]) -> None:
        self._wake.call(seconds, self._border.around("starting again", work))

    def _startable(self, process: Process) -> bool:
        runs = self._supervisord().options.mood > SupervisorStates.RESTARTING
        return runs and any(process is known for known in self._processes())
