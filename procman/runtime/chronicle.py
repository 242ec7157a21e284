"""Turns what supervisord does with its processes into events of the journal. Changes nothing.

An event of supervisord may bring about the next one before its own handlers are through: so what is known is noted
before anybody acts on it (`before`), and what was decided afterwards (`after`).
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from supervisor import events
from supervisor.states import ProcessStates, SupervisorStates

from procman.runtime import inside, procfs, specfile

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.cgroup import Groups
    from procman.runtime.inside import Process, StateEvent, Supervisord
    from procman.runtime.journal import Journal
    from procman.runtime.restarts import Record
    from procman.runtime.usage import Memory

_BOOT = "/proc/sys/kernel/random/boot_id"
_SHUTDOWN = "the manager stops"


class Chronicle:
    """Notes the life of every process. `memory` returns what is known of a unit's memory, `groups` has its group."""

    def __init__(self, journal: Journal, memory: Callable[[str], Memory], groups: Groups) -> None:
        self._groups = groups
        self._machine_kills = 0
        self.journal = journal
        self._memory = memory
        self._reaped: tuple[int, int] = (0, 0)
        self._began: dict[str, tuple[int, int]] = {}
        self._reasons: dict[str, str] = {}
        self._stopping = False
        self._runs = 0

    def running(self, supervisord: Supervisord, *, passive: bool) -> None:
        """Note that the manager runs, or runs again after SIGHUP."""
        self._runs += 1
        self._stopping = False
        boot = (procfs.read(_BOOT) or b"").decode("ascii", "replace").strip()
        units = sum(len(group.processes) for group in supervisord.process_groups.values())
        event = "manager-start" if self._runs == 1 else "manager-reload"
        self.journal.note(event, pid=os.getpid(), boot=boot, units=units, passive=passive or None)

    def stopping(self, supervisord: Supervisord) -> None:
        """Note that the manager stops everything: to end, or to read its file anew."""
        self._stopping = True
        again = supervisord.options.mood == SupervisorStates.RESTARTING
        self.journal.note("manager-stop", pid=os.getpid(), again=again or None)

    def oom(self, process: Process, killed: int) -> None:
        """Note that the kernel has killed processes of `process` for its hard limit, while it lives."""
        hard = self._groups.hard(process.config.name)
        self.journal.note("oom-kill", inside.unit(process), pid=process.pid, killed=killed, limit=hard)

    def limited(self, process: Process, hard: int | None, *, late: bool) -> None:
        """Note that the hard limit of `process` was changed while it runs; `late`: that holds from its next start."""
        self.journal.note("hard-limit", inside.unit(process), pid=process.pid, hard=hard, late=late or None)

    def ready(self, process: Process) -> None:
        """Note that `process` is ready, if that means more than that it runs."""
        spec = specfile.of(process.config.command)
        if spec.places or spec.ready:
            self.journal.note("ready", inside.unit(process), pid=process.pid)

    def look(self) -> None:
        """Keep in mind how many processes the kernel has killed on this machine up to now."""
        self._machine_kills = _machine_kills()

    def swapped(self, unit: str) -> None:
        """Let what is kept of the replacement be that of `unit`, and the other way round."""
        spare = unit + inside.SPARE
        kept = {unit: self._began.pop(spare, None), spare: self._began.pop(unit, None)}
        self._began |= {name: place for name, place in kept.items() if place is not None}

    def because(self, unit: str, reason: str) -> None:
        """Keep in mind why `unit` is about to be stopped by procman itself."""
        self._reasons[unit] = reason

    def reaped(self, pid: int, status: int) -> None:
        """Keep in mind how a process ended."""
        self._reaped = (pid, status)

    def before(self, event: StateEvent, record: Record) -> None:
        """Note what `event` says; `record` is what was known of the unit until now."""
        process = event.process
        unit = inside.unit(process)
        if process.pid and self._reaped[0] == process.pid:
            self._exit(process, self._reaped[1], asked=event.from_state == ProcessStates.STOPPING)
            self._reaped = (0, 0)
        if isinstance(event, events.ProcessStateStartingEvent):
            self._began[process.config.name] = _log_end(process)
            self._memory(process.config.name).begin()
            again = record.retrying or event.from_state == ProcessStates.BACKOFF
            self.journal.note("start", unit, again=again or None, retry=record.retrying or None)
        elif isinstance(event, events.ProcessStateRunningEvent):
            self.journal.note("running", unit, pid=process.pid)
        elif isinstance(event, events.ProcessStateStoppingEvent):
            reason = self._reasons.pop(unit, None) or (_SHUTDOWN if self._stopping else None)
            self.journal.note("stopping", unit, pid=process.pid, reason=reason)

    def after(self, event: StateEvent, record: Record) -> None:
        """Note what became of `event`."""
        process = event.process
        unit = inside.unit(process)
        if isinstance(event, events.ProcessStateBackoffEvent) and process.state == ProcessStates.BACKOFF:
            wait = max(0.0, process.delay - time.time())
            self.journal.note("restart-planned", unit, seconds=round(wait, 3), failures=len(record.failures))
        elif isinstance(event, events.ProcessStateExitedEvent) and record.completed:
            self.journal.note("completed", unit, code=record.code)
        elif isinstance(event, events.ProcessStateFatalEvent) and not inside.is_spare(process):
            if record.held is not None:
                self.journal.note("held", unit, reason=record.held)
            else:
                reason = record.given_up or record.refused or process.spawnerr
                again = None if record.retry_at is None else round(max(0.0, record.retry_at - time.time()), 3)
                self.journal.note("failed", unit, reason=reason, seconds=again)

    def _exit(self, process: Process, status: int, *, asked: bool) -> None:
        unit = inside.unit(process)
        memory = self._memory(process.config.name)
        inode, end = _log_end(process)
        began = self._began.get(process.config.name, (inode, 0))
        ended = self._groups.ended(process.config.name, process.pid)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and not asked
        machine = _machine_kills() - self._machine_kills if killed else 0
        self.journal.note(
            "exit",
            unit,
            pid=process.pid,
            code=os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            uptime=round(max(0.0, time.time() - process.laststart), 3),
            asked=asked or None,
            memory=memory.last or None,
            peak=max(memory.top, ended.peak or 0 if ended else 0) or None,
            hard=self._groups.hard(process.config.name),
            oom_kills=ended.kills or None if ended else None,
            machine_oom_kills=machine or None,
            available=_available() if killed else None,
            log=[inode, began[1] if began[0] == inode else 0, end],
        )

    def forget_all_but(self, units: set[str]) -> None:
        """Drop what is kept of other units."""
        self._began = {unit: place for unit, place in self._began.items() if unit in units}
        self._reasons = {unit: reason for unit, reason in self._reasons.items() if unit in units}


def _machine_kills() -> int:
    """Return how many processes the kernel's OOM killer has killed since boot, in any group."""
    return _after("/proc/vmstat", b"\noom_kill ")


def _available() -> int:
    """Return what the machine has available now, in bytes."""
    return _after("/proc/meminfo", b"\nMemAvailable:") * 1024


def _after(path: str, mark: bytes) -> int:
    found = (procfs.read(path) or b"").partition(mark)[2].split(maxsplit=1)
    return int(found[0]) if found and found[0].isdigit() else 0


def _log_end(process: Process) -> tuple[int, int]:
    """Return the inode of the log of `process`, and where it ends now: its last words stand just before."""
    try:
        now = os.stat(process.config.stdout_logfile or "")
    except OSError:
        return (0, 0)
    return (now.st_ino, now.st_size)
