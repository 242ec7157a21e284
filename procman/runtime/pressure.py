"""Gives up the least important instances while the machine is short of memory, and brings them back. `core` decides.

Only with ``budget: {pressure: shed}``. An instance is told to end as by an operator; one that an operator stopped
meanwhile stays down.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import TYPE_CHECKING

from supervisor.states import ProcessStates

from procman.core import pressure
from procman.core.pressure import Candidate, Strain
from procman.runtime import inside, machine, procfs

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.core.limits import Limits
    from procman.runtime.inside import Process
    from procman.runtime.replacing import Replacing
    from procman.runtime.usage import Usage

MANAGER_SCORE = -500
"""supervisord's own `oom_score_adj`: with it everything would end."""


class Pressure:
    """The shedding of one supervisord. `startable`: supervisord runs and knows a process; `root`: for tests."""

    def __init__(
        self,
        state: str,
        processes: Callable[[], list[Process]],
        startable: Callable[[Process], bool],
        usage: Usage,
        replacing: Replacing,
        root: str = "",
    ) -> None:
        self._record = f"{state}/applied.json"
        self._processes = processes
        self._startable = startable
        self._usage = usage
        self._replacing = replacing
        self._journal = replacing.journal
        self._root = root
        self._strain = Strain()
        self._shed: dict[str, int] = {}
        self._scored = False

    def look(self, limits: Limits) -> None:
        """Look at the machine once, and do what follows."""
        self._score(wanted=limits.shed)
        if not limits.shed:
            return
        seen = machine.seen(self._root)
        needed = min(self._shed.values(), default=None)
        what = pressure.judge(self._strain, seen, time.monotonic(), needed)
        if what == pressure.SHED:
            self._give_up(limits, pressure.shortage(seen) or "")
        elif what == pressure.RESTORE:
            self._restore(limits)

    def shed(self, unit: str) -> bool:
        """Tell whether `unit` was given up and is down for that."""
        return unit in self._shed

    def changed(self, process: Process) -> None:
        """Take note that somebody starts what was given up."""
        if process.state == ProcessStates.STARTING:
            self._shed.pop(process.config.name, None)

    def score(self, unit: str, limits: Limits) -> str:
        """Return the `oom_score_adj` for a process of `unit`; "" to leave it."""
        limit = limits.of(unit)
        if not limits.shed or limit is None:
            return ""
        return str(pressure.importance(limit.weight, singleton=limit.singleton))

    def _give_up(self, limits: Limits, reason: str) -> None:
        unit = pressure.choose(self._candidates(limits))
        process = next((p for p in self._processes() if p.config.name == unit), None)
        if unit is None or process is None:
            self._journal.note("memory-pressure", reason=f"{reason}; no instance can be given up")
            return
        limit = limits.of(unit)
        self._shed[unit] = max(self._usage.of(unit).last, limit.soft or 0 if limit else 0)
        self._journal.note("memory-pressure", unit, pid=process.pid, reason=reason)
        self._replacing.retire(process, f"memory pressure: {reason}")

    def _restore(self, limits: Limits) -> None:
        """Start again what was given up last, unless an operator has stopped it or it is not of the plan any more."""
        stopped = self._stopped()
        for unit in reversed(tuple(self._shed)):
            process = next((p for p in self._processes() if p.config.name == unit), None)
            if process is None or limits.of(unit) is None or unit in stopped:
                del self._shed[unit]
            elif process.state == ProcessStates.STOPPED and self._startable(process):
                self._journal.note("memory-restored", unit)
                process.spawn()
                return

    def _stopped(self) -> list[str]:
        data = procfs.read(self._record)
        with contextlib.suppress(ValueError, AttributeError, TypeError):
            return list(json.loads(data or b"{}").get("stopped", ()))
        return []

    def _candidates(self, limits: Limits) -> list[Candidate]:
        counted = [p for p in self._processes() if p.pid and p.state in inside.ALIVE and not inside.is_spare(p)]
        alive = [p.config.name for p in counted if p.config.name not in self._shed]  # what is leaving has been chosen
        found = []
        for unit in alive:
            limit = limits.of(unit)
            service, _, index = unit.rpartition("-")
            if limit is not None and index.isdigit():
                running = sum(other.rpartition("-")[0] == service for other in alive)
                size = self._usage.of(unit).last
                row = (limit.weight, running, limit.least, limit.singleton, size)
                found.append(Candidate(unit, int(index), *row))
        return found

    def _score(self, *, wanted: bool) -> None:
        """Keep the kernel from ending supervisord before its services, where it lets us, while that is wanted."""
        if wanted == self._scored or os.geteuid() != 0:
            return
        self._scored = wanted
        with contextlib.suppress(OSError), open(f"{self._root}/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write(str(MANAGER_SCORE if wanted else 0))
