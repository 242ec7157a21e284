"""The plugin that supervisord loads: wires its events to the other rooms. Decides nothing.

``[rpcinterface:procman] supervisor.rpcinterface_factory = procman.runtime.plugin:make`` with ``state = DIRECTORY``.
It runs on supervisord's only thread: it never blocks, and whatever it does runs at the `border`.
"""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING

from supervisor import events
from supervisor.states import ProcessStates

from procman.runtime import forks, inside, job, listeners, loop, orphans, parent, proc, report, rolling, store
from procman.runtime.border import Border
from procman.runtime.claim import Claim
from procman.runtime.dependencies import Dependencies, Farewell
from procman.runtime.desk import Desk
from procman.runtime.errands import Errands
from procman.runtime.interface import Interface
from procman.runtime.journal import Journal
from procman.runtime.keeper import Keeper
from procman.runtime.lingering import Lingering
from procman.runtime.liveness import Liveness
from procman.runtime.notices import Notices
from procman.runtime.offspring import Offspring
from procman.runtime.probes import Means
from procman.runtime.readiness import Readiness
from procman.runtime.restarts import Restarts, chance

if TYPE_CHECKING:
    from procman.runtime.inside import StateEvent, Supervisord

MANAGER = "PROCMAN_MANAGER"
NOTIFY = "PROCMAN_NOTIFY"
STORE = "PROCMAN_STORE"


class Core:
    """All that one process of supervisord keeps for procman. SIGHUP makes a new plugin, but never a new Core."""

    def __init__(self, supervisord: Supervisord, state: str) -> None:
        least = supervisord.options.minfds
        self.state = state
        self.supervisord = supervisord
        self.border = Border(supervisord.options.logger.critical)
        self.wake = loop.Wake(least, self.border.around, self.border.watchdog)
        self.border.begun = self.wake.arm
        self.claim = Claim(state, least)
        self.listeners = listeners.Listeners(least, self.border.log)
        self.restarts = Restarts(self.wake.after, self.wake.call, self.border.log, chance)
        self.notices = Notices(least, self.border.around)
        self.errands = Errands(least, self.border)
        means = Means(self.notices, self.errands, self.border.around)
        self.readiness = Readiness(self.wake.call, self.listeners, means, self._is_ready)
        self.journal = Journal(state, self.border.log)
        self.border.slow = self.journal.slow
        self.liveness = Liveness(self.wake.call, self.readiness, means, self.restarts, self.journal, self._serve)
        rooms = job.Rooms(
            *(self.wake.call, self.border.log, self.listeners, self.readiness, self.restarts),
            *(self._serve, self._swapped, self.journal.note),
        )
        self.rolling = rolling.Rolling(lambda: self.supervisord, rooms)
        self.keeper = Keeper(
            state, lambda: self.supervisord, self.journal, self.restarts, self.rolling, self.wake, self.border
        )
        self.chronicle = self.keeper.chronicle
        self.desk = Desk(state, self.claim, self.listeners, self.restarts, self.end_orphans)
        self.dependencies = Dependencies(
            lambda: inside.mains(self.supervisord), self.restarts, self.readiness.ready, self.wake.poke
        )
        self.farewell: Farewell | None = None
        self.adopts = False
        self.offspring = Offspring(state, least, lambda: self.adopts and self.claim.held, self.known)
        self.ended: list[str] = []
        self.store: store.Store | None = None
        self._followed: Supervisord | None = None
        forks.install()

    def attach(self, supervisord: Supervisord) -> None:
        """Follow `supervisord`, whose list of subscribers is empty after a SIGHUP. Once each, however often asked."""
        if self._followed is supervisord:
            return  # it makes one plugin per control socket; two subscriptions would count each failure twice
        self._followed = self.supervisord = supervisord
        self.border.write = supervisord.options.logger.critical
        self.restarts.attach(supervisord.options)
        kept = Lingering(self).kept(supervisord.options.waitpid)
        supervisord.options.waitpid = self.errands.sifted(kept, self._reaped)
        supervisord.options.execve = self.offspring.instead_of(supervisord.options.execve)
        for kind, what, work in (
            (events.SupervisorRunningEvent, "taking over", self._running),
            (events.SupervisorStoppingEvent, "stopping", self._stopping),
            (events.ProcessStateEvent, "following a process", self._changed),
            (events.ProcessGroupAddedEvent, "holding a group", self.dependencies.hold),
            (events.ProcessGroupRemovedEvent, "forgetting a group", self._removed),
        ):
            events.subscribe(kind, self.border.around(what, work))

    def answer(self, pid: int, fields: list[str]) -> store.Answer | None:
        """Answer a launcher; None when `pid` is no process of a unit."""
        process = next((p for p in inside.processes(self.supervisord) if p.pid == pid), None)
        if process is None:
            return None
        answer = self.desk.answer(process, fields)
        started = fields[:1] == ["start"] and answer.text == "ok"
        more = self.keeper.leave(process.config.name, pid) if started else ""
        return answer._replace(text=f"ok\0{more}") if more else answer

    def end_orphans(self, unit: str, *, unmarked: bool) -> list[int]:
        """End what `unit` left behind, and with `unmarked` what cannot be said to be of any unit; return the pids."""
        adopted = orphans.adopted(self.known(), os.getpid()) if self.adopts else []
        found = orphans.of_unit(adopted, unit, unmarked=unmarked)
        self.ended = [*self.ended, *map(orphans.named, found)][-orphans.REMEMBERED :] if found else self.ended
        if ended := orphans.end(found):
            self.journal.note("orphans-ended", unit, pids=ended)
        return ended

    def status(self) -> str:
        """Return the report of everything."""
        return report.status(self)

    def _running(self, _event: object) -> None:
        # here and not in make(): a daemon has its own pid from here on, and no service has been started yet
        forks.arm()
        os.environ.pop(STORE, None)
        os.environ[MANAGER] = f"{os.getpid()}.{proc.start_ticks(os.getpid())}"
        units = {p.config.name for p in inside.processes(self.supervisord)}
        self.readiness.forget()
        self.liveness.forget()
        self.rolling.end()
        self.listeners.forget_all_but(units)
        self.restarts.forget_all_but(units)
        if self.claim.take():
            store.sweep(self.state)
        else:
            self.border.log(f"{self.claim.reason}; nothing is started here")
        self.farewell = None
        self.border.run("holding starts", self.dependencies.hold)
        self.chronicle.running(self.supervisord, passive=not self.claim.held)
        if self.store is None:
            self.store = store.Store(self.state, self.supervisord.options.minfds, self.answer, self.border.around)
            atexit.register(self.store.remove, os.getpid())
            self.adopts = parent.adopt_orphans()
            atexit.register(self._last, os.getpid())
            self.keeper.begin()
            self.notices.open()
        os.environ[STORE] = self.store.path
        os.environ[NOTIFY] = self.notices.name

    def _stopping(self, _event: object) -> None:
        self.rolling.end()
        self.chronicle.stopping(self.supervisord)
        self.farewell = Farewell(self.supervisord, self.border.run)  # at once: supervisord waits for each group
        self.farewell.turn()

    def _changed(self, event: StateEvent) -> None:
        process, state = event.process, event.process.state
        if state == ProcessStates.STOPPING:
            forks.own_group(process.pid)
        record = self.restarts.record(process.config.name)
        self.border.run("noting a change", self.chronicle.before, event, record)
        self.readiness.changed(process)
        if process.state == ProcessStates.STARTING:
            if self.store is not None:
                self.store.serve()
            self.border.run("expecting a start", self.offspring.expect, process)
        try:
            self.restarts.on_state(event)
        finally:
            self.border.run("noting a decision", self.chronicle.after, event, record)
            self.border.run("keeping its memory", self.keeper.changed, process)
            self.border.run("ordering starts", self.dependencies.turn)
            if process.state == state:  # else the change that followed has done it
                self._followed_by(process)

    def _last(self, pid: int) -> None:
        if os.getpid() != pid:
            return  # in a child of it
        self.listeners.remove_names()
        if self.adopts:
            orphans.end_descendants(pid)

    def _followed_by(self, process: inside.Process) -> None:
        unit = inside.unit(process)
        if process.state not in inside.ALIVE:
            self.border.run("looking no more", self.liveness.end, process)
            self.border.run("asking no more", self.readiness.halt, process)
        if process.state in inside.ENDED:
            self.readiness.end(process)
            self.notices.forget(process.pid)
            self.end_orphans(unit, unmarked=False)
            if self.farewell is not None:
                self.border.run("ending in order", self.farewell.turn)
        self._serve(unit)
        if process.state == ProcessStates.FATAL and not inside.alive(self.supervisord, unit):
            self.listeners.drop(unit)
        self.rolling.poke()

    def _swapped(self, unit: str) -> None:
        self.restarts.swapped(unit)
        self.keeper.swapped(unit)

    def _is_ready(self, process: inside.Process) -> None:
        self.border.run("noting readiness", self.chronicle.ready, process)
        self._serve(inside.unit(process))
        self.border.run("looking whether it lives", self.liveness.begin, process)
        self.border.run("ordering starts", self.dependencies.turn)
        self.rolling.poke()

    def _serve(self, unit: str) -> None:
        """Let new connections follow what the processes of `unit` are."""
        alive = [] if self.rolling.leaves(unit) else inside.alive(self.supervisord, unit)
        level = listeners.ALIVE if alive else listeners.DEAD
        if any(self.readiness.ready(one) and not self.liveness.given_up(one) for one in alive):
            level = listeners.READY
        self.listeners.mark(unit, level)

    def _removed(self, _event: object) -> None:
        self.border.run("holding starts", self.dependencies.hold)
        units = {p.config.name for p in inside.processes(self.supervisord)}
        for room in (self.restarts, self.rolling, self.keeper, self.chronicle):
            room.forget_all_but(units)

    def known(self) -> set[int]:  # noqa: D102 - see `lingering`
        return inside.pids(self.supervisord) | self.errands.pids

    def _reaped(self, pid: int, status: int) -> None:
        self.border.run("noting an exit", self.restarts.reaped, pid, status)
        self.border.run("keeping an exit", self.chronicle.reaped, pid, status)


_cores: list[Core] = []


def make(supervisord: Supervisord, state: str = "", **unknown: str) -> Interface:
    """Return the RPC interface; supervisord calls this at its start and after each SIGHUP.

    ValueError (supervisord then does not start) when the section is wrong.
    """
    if not state or unknown:
        raise ValueError("[rpcinterface:procman] takes one option, state = DIRECTORY")
    if not _cores:
        _cores.append(Core(supervisord, os.path.realpath(state)))
    core = _cores[0]
    if core.state != os.path.realpath(state):
        core.border.log(f"state = {state} needs a new supervisord; {core.state} stays")
    core.border.run("following supervisord", core.attach, supervisord)
    return Interface(core)
