"""Turns failures into restarts: keeps the history of each unit and moves supervisord's states as `core` decides.

supervisord alone retries a quick exit after 1, 2, 3... seconds and a later death at once, for ever. Here both take
one road: EXITED becomes BACKOFF, and what follows BACKOFF is decided in `core.restart`.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from supervisor import events
from supervisor.datatypes import RestartUnconditionally
from supervisor.options import decode_wait_status
from supervisor.states import ProcessStates, SupervisorStates

from procman.core import restart
from procman.runtime import inside

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.inside import Options, Process, ProcessConfig, StateEvent

VARIABLE = "PROCMAN_RESTART"


class Record:
    """What is known of one unit. `held`: who has its lock; `refused`: why the store said no; `given_up`: why FATAL."""

    __slots__ = ("exit", "failures", "given_up", "held", "refused", "restarts")

    def __init__(self) -> None:
        self.failures: tuple[float, ...] = ()
        self.restarts = 0
        self.exit: str | None = None
        self.held: str | None = None
        self.refused: str | None = None
        self.given_up: str | None = None


class Restarts:
    """The restart policy of one supervisord. `after` asks for a turn of the poll loop in so many seconds."""

    def __init__(self, after: Callable[[float], None], log: Callable[[str], None]) -> None:
        self.log = log
        self._after = after
        self._records: dict[str, Record] = {}
        self._last_exit: tuple[int, str] = (0, "")
        self._options: Options | None = None

    def attach(self, options: Options) -> None:
        """Follow a (new) run of supervisord."""
        self._options = options

    def reaped(self, pid: int, status: int) -> None:
        """Note how a process ended; supervisord keeps neither a signal nor the status of a quick exit."""
        self._last_exit = (pid, decode_wait_status(status)[1])

    def record(self, unit: str) -> Record:
        """Return the record of `unit`."""
        return self._records.setdefault(unit, Record())

    def swapped(self, unit: str) -> None:
        """Let the record of the replacement be that of `unit`, and the other way round."""
        spare = unit + inside.SPARE
        self._records[unit], self._records[spare] = self.record(spare), self.record(unit)

    def forget(self, name: str) -> None:
        """Drop the record of the process called `name`."""
        self._records.pop(name, None)

    def forget_all_but(self, units: set[str]) -> None:
        """Drop the records of units that are not in `units`."""
        self._records = {name: r for name, r in self._records.items() if name in units}

    def on_state(self, event: StateEvent) -> None:
        """Follow a change of state."""
        process, record = event.process, self.record(event.process.config.name)
        if isinstance(event, events.ProcessStateStartingEvent):
            self._starting(event, record)
        elif isinstance(event, (events.ProcessStateStoppingEvent, events.ProcessStateStoppedEvent)):
            record.failures = ()
        if process.pid and self._last_exit[0] == process.pid:
            record.exit = self._last_exit[1]
        if isinstance(event, events.ProcessStateExitedEvent) and self._runs() and _wanted_again(process):
            process.change_state(ProcessStates.BACKOFF)
        elif isinstance(event, events.ProcessStateBackoffEvent):
            self._failed(process, record)

    def _starting(self, event: StateEvent, record: Record) -> None:
        if event.from_state == ProcessStates.BACKOFF:
            record.restarts += 1
        else:  # an operator, or the very first
            record.failures, record.restarts = (), 0
        record.held = record.refused = record.given_up = None
        self._after(event.process.config.startsecs)

    def _failed(self, process: Process, record: Record) -> None:
        if record.held is not None or not self._runs() or inside.is_spare(process):
            process.give_up()
            return
        policy = self._policy(process.config)
        decision = restart.decide(record.failures, time.monotonic(), policy)
        record.failures = decision.failures
        if decision.wait is None:
            record.given_up = (
                f"{len(decision.failures)} failures within {policy.within:g} s; last: {why(process, record)}"
            )
            process.give_up()
            return
        # supervisord trims a delay that is more than `backoff` seconds ahead: it takes it for a clock set back
        process.backoff = max(1, math.ceil(decision.wait))
        process.delay = time.time() + decision.wait if decision.wait else 0
        self._after(decision.wait)

    def _policy(self, config: ProcessConfig) -> restart.Allowance:
        text = (config.environment or {}).get(VARIABLE, "")
        try:
            return restart.from_text(text)
        except ValueError:
            if text:
                self.log(f"{config.name}: {VARIABLE} '{text}' is not MAX WITHIN DELAY; the default holds")
            return restart.Allowance()

    def _runs(self) -> bool:
        return self._options is not None and self._options.mood > SupervisorStates.RESTARTING


def why(process: Process, record: Record) -> str | None:
    """Return in words why `process` is not running, as far as that is known."""
    if record.refused is not None:
        return record.refused
    if process.spawnerr and process.laststop < process.laststart:
        return process.spawnerr
    return record.exit


def _wanted_again(process: Process) -> bool:
    if process.config.autorestart is RestartUnconditionally:
        return True
    return bool(process.config.autorestart) and process.exitstatus not in process.config.exitcodes
