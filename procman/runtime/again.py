"""Ends a process gracefully and starts its unit again, for a reason that is no failure of it. Never two at once.

supervisord starts nothing again that was stopped: so what is under way is kept here until its process is down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from supervisor.states import ProcessStates

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.chronicle import Chronicle
    from procman.runtime.inside import Process
    from procman.runtime.restarts import Restarts


class Again:
    """Restarts. `call` has work done on the loop, `startable` tells whether supervisord runs and knows a process."""

    def __init__(
        self,
        call: Callable[[float, Callable[[], None]], None],
        startable: Callable[[Process], bool],
        chronicle: Chronicle,
        restarts: Restarts,
    ) -> None:
        self._call = call
        self._startable = startable
        self._chronicle = chronicle
        self._restarts = restarts
        self._waiting: dict[str, tuple[tuple[float, ...], int]] = {}

    def restart(self, process: Process, reason: str) -> None:
        """Stop `process` as an operator would, and start it when it is down. Its failures and restarts stay counted."""
        unit = process.config.name
        record = self._restarts.record(unit)
        self._waiting[unit] = (record.failures, record.restarts)
        self._chronicle.because(unit, reason)
        process.stop()

    def under_way(self) -> set[str]:
        """Return the units that are being restarted."""
        return set(self._waiting)

    def changed(self, process: Process) -> None:
        """Go on when `process` is down; from within supervisord's own event, so nothing is started here."""
        unit = process.config.name
        if unit in self._waiting and process.state == ProcessStates.STOPPED:
            self._call(0.0, lambda: self._start(process))
        elif process.state in (ProcessStates.EXITED, ProcessStates.FATAL, ProcessStates.BACKOFF):
            self._waiting.pop(unit, None)  # it went another way

    def _start(self, process: Process) -> None:
        failures, restarts = self._waiting.pop(process.config.name, ((), 0))
        if process.state != ProcessStates.STOPPED or not self._startable(process):
            return
        process.spawn()
        record = self._restarts.record(process.config.name)
        record.failures, record.restarts = failures, restarts
