"""Holds the start of units until what they depend on is there, and lets the manager end dependents first.

supervisord starts everything at once; so a unit that waits has its ``autostart`` taken away until its turn. Only a
start is held, never a restart after a failure: what has run once, and whose dependency is gone, has to cope anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from supervisor.states import STOPPED_STATES, ProcessStates

from procman.core import dependencies
from procman.core.dependencies import Lacking, Needs, Seen
from procman.runtime import restarts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from procman.runtime.inside import Process, Supervisord
    from procman.runtime.restarts import Restarts

_TURN = Lacking("waits for its turn")
VARIABLE = "PROCMAN_DEPENDS"


class Dependencies:
    """What waits in one supervisord. `processes` are all units, `ready` tells of one, `poke` has the loop turn."""

    def __init__(
        self,
        processes: Callable[[], Iterable[Process]],
        history: Restarts,
        ready: Callable[[Process], bool],
        poke: Callable[[], None],
    ) -> None:
        self._processes = processes
        self._history = history
        self._ready = ready
        self._poke = poke
        self._held: dict[str, Process] = {}
        self._released: dict[str, Process] = {}
        self._lacking: dict[str, Lacking] = {}

    def hold(self, _event: object = None) -> None:
        """Hold each unit that would start now and lacks something; units that are gone are forgotten."""
        known = list(self._processes())
        self._held = {p.config.name: p for p in known if self._held.get(p.config.name) is p}
        self._released = {p.config.name: p for p in known if self._released.get(p.config.name) is p}
        for process in known:
            fresh = process.state == ProcessStates.STOPPED and not process.laststart and process.config.autostart
            if fresh and needs_of(process):
                process.config.autostart = False
                self._held[process.config.name] = process
        self.turn()

    def turn(self) -> None:
        """Let those start that lack nothing any more."""
        if not self._held:
            return
        seen = self._seen()
        self._lacking = {}
        for unit, process in tuple(self._held.items()):
            lacks = dependencies.lacking(needs_of(process), seen)
            if lacks.waits and process.state == ProcessStates.STOPPED and not process.laststart:
                self._lacking[unit] = lacks
                continue
            del self._held[unit]  # it may start, or somebody has started it by hand
            process.config.autostart = True
            self._released[unit] = process
            self._poke()

    def lacking(self, unit: str) -> Lacking:
        """Return what `unit` waits for; what nothing is lacking to any more is started in the next turn of the loop."""
        going = self._released.get(unit)
        if going is not None and going.state == ProcessStates.STOPPED and not going.laststart:
            return _TURN
        self._released.pop(unit, None)
        return self._lacking.get(unit, Lacking())

    def _seen(self) -> dict[str, list[Seen]]:
        seen: dict[str, list[Seen]] = {}
        for process in self._processes():
            seen.setdefault(service_of(process), []).append(self._look(process))
        return seen

    def _look(self, process: Process) -> Seen:
        unit = process.config.name
        record = self._history.record(unit)
        started = process.state == ProcessStates.RUNNING
        lost = ""
        if process.state == ProcessStates.FATAL:
            lost = f"has failed: {record.given_up or restarts.why(process, record)}"
        elif unit in self._held:
            lost = self.lacking(unit).blocked
        elif process.state == ProcessStates.STOPPED and (process.laststart or not process.config.autostart):
            lost = "is stopped"
        return Seen(unit, started, started and self._ready(process), record.completed, lost)


class Farewell:
    """Ends all units when supervisord ends: those first on which nobody depends, all of them at once.

    `run` calls what it is given, with words for it, and lets nothing through.
    """

    def __init__(self, supervisord: Supervisord, run: Callable[[str, Callable[[], None]], object]) -> None:
        self._run = run
        self._turning = self._again = False
        self._groups = supervisord.process_groups
        self._needs = {
            service_of(p): [n for n, _ in needs_of(p)] for g in self._groups.values() for p in g.processes.values()
        }
        # supervisord stops the last of this list by itself, each turn: that must be one whose turn it is
        place = {name: n for n, name in enumerate(dependencies.ordered(self._needs, self._needs))}
        supervisord.stop_groups.sort(key=lambda group: max(place[service_of(p)] for p in group.processes.values()))

    def turn(self) -> None:
        """Stop what may be stopped now; to be called whenever something has ended, even while it is being stopped."""
        self._again = True
        if self._turning:
            return
        self._turning = True
        try:
            while self._again:
                self._again = False
                self._stop()
        finally:
            self._turning = False

    def _stop(self) -> None:
        alive: dict[str, list[Process]] = {}
        for group in self._groups.values():
            for process in group.processes.values():
                if process.state not in STOPPED_STATES:
                    alive.setdefault(service_of(process), []).append(process)
        now = dependencies.stoppable(alive, self._needs)
        for name, group in tuple(self._groups.items()):
            if any(service_of(p) in now for p in group.processes.values()):
                self._run(f"stopping {name}", group.stop_all)


def needs_of(process: Process) -> Needs:
    """Return what `process` depends on."""
    return dependencies.from_text((process.config.environment or {}).get(VARIABLE, ""))


def service_of(process: Process) -> str:
    """Return the service of which `process` is an instance."""
    return process.config.name.rpartition("-")[0]
