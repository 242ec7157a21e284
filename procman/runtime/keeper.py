"""Looks after the memory of every instance some times a second: measures it, holds it to its limit. Only wires."""

from __future__ import annotations

import atexit
import os
import time
from typing import TYPE_CHECKING

from supervisor.states import SupervisorStates

from procman.core.pace import Pace
from procman.runtime import inside
from procman.runtime.again import Again
from procman.runtime.caps import SECONDS, Caps
from procman.runtime.cgroup import Groups
from procman.runtime.chronicle import Chronicle
from procman.runtime.pressure import Pressure
from procman.runtime.replacing import Replacing
from procman.runtime.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.border import Border
    from procman.runtime.inside import Process, Supervisord
    from procman.runtime.journal import Journal
    from procman.runtime.loop import Wake
    from procman.runtime.restarts import Restarts
    from procman.runtime.rolling import Rolling


RARELY_SECONDS = 1.0
"""Between two looks at the groups and the machine."""


class Keeper:
    """One for each supervisord. `supervisord` returns the object that is followed now."""

    def __init__(
        self,
        state: str,
        supervisord: Callable[[], Supervisord],
        journal: Journal,
        restarts: Restarts,
        rolling: Rolling,
        wake: Wake,
        border: Border,
    ) -> None:
        self._supervisord = supervisord
        self._wake = wake
        self._border = border
        self.groups = Groups(state=state)
        self._usage = Usage(lambda: [(p.config.name, p.pid) for p in self._processes() if p.pid])
        self.chronicle = Chronicle(journal, self._usage.of, self.groups)
        self._again = Again(self._call, self._startable, self.chronicle, restarts)
        self._replacing = Replacing(self._again, rolling, self.chronicle, self._processes)
        self._caps = Caps(state, self._processes, self._usage, journal, self._replacing)
        self._pressure = Pressure(state, self._processes, self._startable, self._usage, self._replacing)
        self._turn = border.around("measuring memory", self._look)
        self._begun = 0
        self._pace = Pace()
        self._rarely = 0.0
        self._late: dict[str, int | None] = {}
        self._asked: dict[str, int] = {}

    def begin(self) -> None:
        """Begin to look; once, however often asked."""
        if self._begun != os.getpid():
            self._begun = os.getpid()
            self._border.run("looking for control groups", self.groups.find)
            atexit.register(self._end, os.getpid())
            self._turn()

    def leave(self, unit: str, pid: int) -> str:
        """Return what the launcher `pid` of `unit` is told with its leave: the file of its group, and its OOM score."""
        self._asked[unit] = pid
        group = self._group(unit, pid)
        score = self._pressure.score(unit, self._caps.limits)
        return f"{group}\0{score}" if score else group

    def _group(self, unit: str, pid: int) -> str:
        self._caps.refresh()
        limit = self._caps.limits.of(unit)
        if limit is None:
            return ""
        try:
            return self.groups.make(unit, pid, limit.soft, limit.hard) or ""
        except OSError as error:
            self._border.log(f"{unit} runs without a hard limit: {error.strerror}: {error.filename}")
            return ""

    def changed(self, process: Process) -> None:
        """Follow a change of state of `process`."""
        self._again.changed(process)
        self._pressure.changed(process)
        if process.state in inside.ENDED:
            self._caps.ended(process.config.name)
            self.groups.leave(process.config.name)

    def swapped(self, unit: str) -> None:
        """Follow two processes of `unit` that have changed names: what is over the limit was the other one."""
        self.groups.swapped(unit, unit + inside.SPARE)
        self.chronicle.swapped(unit)
        self._usage.swapped(unit, unit + inside.SPARE)
        self._asked |= {unit: self._asked.pop(unit + inside.SPARE, 0)}
        self._caps.ended(unit)

    def of(self, unit: str, pid: int) -> dict[str, object]:
        """Return what the report says of the memory of `unit`, whose process is `pid`; 0 when it has none."""
        memory, holder = self._usage.of(unit), self._holder(unit, pid)
        held = {"hard": self.groups.hard(unit)} if holder else {}
        facts = {**self._caps.of(unit), **held, "by": holder, "shed": self._pressure.shed(unit)}
        return {
            "memory_peak": memory.peak or None,
            "memory_usual": memory.usual or None,
            "memory_samples": memory.seen,
            "memory": {name: fact for name, fact in facts.items() if fact} or None,
        }

    def group_words(self) -> dict[str, object]:
        """Return what the report says of control groups: the version in use, or why there is none."""
        return {"version": self.groups.version or None, "reason": self.groups.reason or None}

    def forget_all_but(self, units: set[str]) -> None:
        """Drop what is known of other units."""
        self._late = {unit: hard for unit, hard in self._late.items() if unit in units}
        self._asked = {unit: pid for unit, pid in self._asked.items() if unit in units}
        self._usage.forget_all_but(units)
        self._caps.forget_all_but(units)

    def _look(self) -> None:
        began, at = time.thread_time(), time.monotonic()
        wanted: float | None = SECONDS
        try:
            if not self._usage.turn():
                wanted = None
                return
            wanted = self._caps.look()
            if time.monotonic() >= self._rarely:
                self._rarely = time.monotonic() + RARELY_SECONDS
                self._machine()
        finally:
            pause = self._pace.pause(time.thread_time() - began, wanted, time.monotonic() - at)
            self._wake.call(pause, self._turn)

    def _machine(self) -> None:
        self._border.run("changing hard limits", self._changed_limits)
        self._kills()
        self.chronicle.look()
        self.groups.tidy()
        self._pressure.look(self._caps.limits)

    def _changed_limits(self) -> None:
        """Let a hard limit hold that was changed while its process runs, as soon as the kernel can take it."""
        for process in self._processes():
            unit, limit = process.config.name, self._caps.limits.of(process.config.name)
            if limit is None or not process.pid or self._asked.get(unit) != process.pid:
                continue  # a launcher that has not asked yet gets its group, with this limit, when it does
            before = self.groups.hard(unit)
            late = not self.groups.change(unit, limit.soft, limit.hard)
            if before != self.groups.hard(unit) or (late and self._late.get(unit) != limit.hard):
                self.chronicle.limited(process, limit.hard, late=late)
            self._late.pop(unit, None)
            if late:
                self._late[unit] = limit.hard

    def _kills(self) -> None:
        for process in self._processes():
            killed = self.groups.killed(process.config.name) if process.pid else 0
            if killed:
                self.chronicle.oom(process, killed)

    def _holder(self, unit: str, pid: int) -> str | None:
        return f"cgroup v{self.groups.version}" if pid and self.groups.holds(unit, pid) else None

    def _end(self, pid: int) -> None:
        if os.getpid() == pid:  # not in a child of it
            self.groups.end()

    def _processes(self) -> list[Process]:
        return inside.processes(self._supervisord())

    def _call(self, seconds: float, work: Callable[[], None]) -> None:
        self._wake.call(seconds, self._border.around("starting again", work))

    def _startable(self, process: Process) -> bool:
        runs = self._supervisord().options.mood > SupervisorStates.RESTARTING
        return runs and any(process is known for known in self._processes())
