"""Turns failures into restarts: keeps the history of each unit and moves supervisord's states as `core` decides.

supervisord alone retries a quick exit after 1, 2, 3... seconds and a later death at once, for ever. Here both take
one road: EXITED becomes BACKOFF, and what follows BACKOFF is decided in `core.restart`. What has completed stays
EXITED.
"""

from __future__ import annotations

import math
import os
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
    """What is known of one unit. `held`: who has its lock; `refused`: why the store said no; `given_up`: why FATAL.

    `exit` is how its last process ended, `code` its exit status, None for a signal. `completed`: that was its aim.
    `retry_at` (seconds since the epoch): when what was given up is tried again; `retrying`: that is now.
    `unwell`: why it was ended by its liveness probe.
    """

    __slots__ = (
        *("code", "completed", "exit", "failures", "given_up", "held", "refused", "restarts", "retry_at", "retrying"),
        "unwell",
    )

    def __init__(self) -> None:
        self.failures: tuple[float, ...] = ()
        self.restarts = 0
        self.exit: str | None = None
        self.code: int | None = None
        self.completed = self.retrying = False
        self.held: str | None = None
        self.refused: str | None = None
        self.given_up: str | None = None
        self.retry_at: float | None = None
        self.unwell: str | None = None


class Restarts:
    """The restart policy of one supervisord. `after` asks for a turn of the poll loop in so many seconds.

    `call` asks for work then, `chance` returns a number from 0 to 1, which spreads the pauses.
    """

    def __init__(
        self,
        after: Callable[[float], None],
        call: Callable[[float, Callable[[], None]], None],
        log: Callable[[str], None],
        chance: Callable[[], float],
    ) -> None:
        self.log = log
        self._after = after
        self._call = call
        self._chance = chance
        self._records: dict[str, Record] = {}
        self._last_exit: tuple[int, int, str] = (0, 0, "")
        self._taken: set[int] = set()
        self._options: Options | None = None

    def attach(self, options: Options) -> None:
        """Follow a (new) run of supervisord, in which nothing has completed or is given up yet."""
        self._options = options
        for record in self._records.values():
            record.completed = False
            record.given_up = record.retry_at = None

    def reaped(self, pid: int, status: int) -> None:
        """Note how a process ended; supervisord keeps neither a signal nor the status of a quick exit."""
        self._last_exit = (pid, *decode_wait_status(status))

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
            code, record.exit = self._last_exit[1:]
            record.code = code if code >= 0 else None
        if isinstance(event, events.ProcessStateExitedEvent):
            if self._runs() and not record.completed:
                self._ended(process, record)
        elif isinstance(event, events.ProcessStateBackoffEvent):
            self._failed(process, record, quick=event.from_state == ProcessStates.STARTING)

    def _starting(self, event: StateEvent, record: Record) -> None:
        if event.from_state == ProcessStates.BACKOFF or record.retrying:
            record.restarts += 1
        else:  # an operator, or the very first
            record.failures, record.restarts = (), 0
        record.held = record.refused = record.given_up = record.retry_at = record.code = None
        record.unwell = None
        record.completed = record.retrying = False
        self._after(event.process.config.startsecs)

    def _ended(self, process: Process, record: Record) -> None:
        """Decide on a process that had counted as started: it completed, or what follows is as after a quick exit."""
        policy = self._policy(process.config)
        if policy is None:
            return
        if record.unwell is None and restart.completes(record.code, policy):
            record.completed = True
        else:
            process.change_state(ProcessStates.BACKOFF)

    def _failed(self, process: Process, record: Record, *, quick: bool) -> None:
        policy = self._policy(process.config) or restart.Allowance()
        if record.unwell is None and restart.completes(record.code, policy):
            _complete(process, record)
            return
        if record.held is not None or not self._runs() or inside.is_spare(process):
            process.give_up()
            return
        now = time.monotonic()
        decision = restart.decide(record.failures, now, policy, self._chance())
        decision = restart.postponed(decision, self._taken, now, quick=quick)
        record.failures = decision.failures
        if decision.wait is None or decision.spent:
            self._give_up(process, record, policy, decision.wait)
            return
        # supervisord trims a delay that is more than `backoff` seconds ahead: it takes it for a clock set back
        process.backoff = max(1, math.ceil(decision.wait))
        process.delay = time.time() + decision.wait if decision.wait else 0
        self._after(decision.wait)

    def _give_up(self, process: Process, record: Record, policy: restart.Allowance, pause: float | None) -> None:
        last = why(process, record)
        if policy.policy == restart.NEVER:
            record.given_up = f"{last}; its restart policy is never"
        else:
            failures = f"{policy.max + 1} failures" if policy.max else "1 failure"
            record.given_up = f"{failures} within {policy.within:g} s; last: {last}"
        if pause is not None:
            record.retry_at = due = time.time() + pause
            run = self._options

            def again() -> None:
                if run is self._options:  # else SIGHUP has made another process of this unit
                    self._retry(process, record, due)

            self._call(pause, again)
        process.give_up()

    def _retry(self, process: Process, record: Record, due: float) -> None:
        """Start what was given up, unless something else has been decided or it was removed since."""
        known = self._records.get(process.config.name) is record
        if known and process.state == ProcessStates.FATAL and record.retry_at == due and self._runs():
            record.retrying = True
            process.spawn()

    def _policy(self, config: ProcessConfig) -> restart.Allowance | None:
        """Return the policy of a unit; None for one that no policy was written for, and supervisord starts no more."""
        text = (config.environment or {}).get(VARIABLE, "")
        if not text:
            return restart.Allowance() if config.autorestart is RestartUnconditionally else None
        try:
            return restart.from_text(text)
        except ValueError:
            self.log(f"{config.name}: {VARIABLE} '{text}' is not MAX WITHIN DELAY; the default holds")
            return restart.Allowance()

    def _runs(self) -> bool:
        return self._options is not None and self._options.mood > SupervisorStates.RESTARTING


def why(process: Process, record: Record) -> str | None:
    """Return in words why `process` is not running, as far as that is known."""
    if record.refused is not None or record.unwell is not None:
        return record.refused or record.unwell
    if process.spawnerr and process.laststop < process.laststart:
        return process.spawnerr
    return record.exit


def due(process: Process, record: Record) -> float | None:
    """Return when `process`, which has ended by itself, is started again, in seconds since the epoch."""
    return process.delay or None if process.state == ProcessStates.BACKOFF else record.retry_at


def chance() -> float:
    """Return a random number from 0 to 1."""
    return os.urandom(1)[0] / 255


def _complete(process: Process, record: Record) -> None:
    """Make of a quick exit, which supervisord takes for a failure, the end that was wanted."""
    record.completed = True
    process.delay = process.backoff = 0
    process.spawnerr, process.exitstatus = None, record.code
    process.change_state(ProcessStates.EXITED)
