"""The plugin that supervisord loads: wires its events and two RPCs to the other rooms. Decides nothing.

``[rpcinterface:procman] supervisor.rpcinterface_factory = procman.runtime.plugin:make`` with ``state = DIRECTORY``.
It runs on supervisord's only thread: it never blocks, and whatever it does runs at the `border`.
"""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING

from supervisor import events
from supervisor.states import ProcessStates
from supervisor.xmlrpc import Faults, RPCError

from procman.runtime import forks, inside, loop, orphans, parent, proc, report, store
from procman.runtime.border import Border, Broken
from procman.runtime.claim import Claim
from procman.runtime.desk import Desk
from procman.runtime.journal import Journal
from procman.runtime.keeper import Keeper
from procman.runtime.listeners import Listeners
from procman.runtime.restarts import Restarts

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.inside import StateEvent, Supervisord

MANAGER = "PROCMAN_MANAGER"
STORE = "PROCMAN_STORE"


class Core:
    """All that one process of supervisord keeps for procman. SIGHUP makes a new plugin, but never a new Core."""

    def __init__(self, supervisord: Supervisord, state: str) -> None:
        least = supervisord.options.minfds
        self.state = state
        self.supervisord = supervisord
        self.border = Border(supervisord.options.logger.critical)
        self.wake = loop.Wake(least, self.border.around)
        self.claim = Claim(state, least)
        self.listeners = Listeners(least, self.border.log)
        self.restarts = Restarts(self.wake.after, self.border.log)
        self.journal = Journal(state, self.border.log)
        self.keeper = Keeper(state, lambda: self.supervisord, self.journal, self.restarts, self.wake, self.border)
        self.chronicle = self.keeper.chronicle
        self.desk = Desk(state, self.claim, self.listeners, self.restarts, self.end_orphans)
        self.adopts = False
        self.ended: list[str] = []
        self._clean: frozenset[str] = frozenset()
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
        supervisord.options.waitpid = self._noting(supervisord.options.waitpid)
        for kind, what, work in (
            (events.SupervisorRunningEvent, "taking over", self._running),
            (events.SupervisorStoppingEvent, "stopping", self._stopping),
            (events.ProcessStateEvent, "following a process", self._changed),
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
        if unmarked and unit in self._clean:
            return []  # looked when its process was reaped: whatever descends from it would have been here
        services = {p.pid for p in inside.processes(self.supervisord) if p.pid}
        adopted = orphans.adopted(services, os.getpid()) if self.adopts else []
        self._clean = self._clean - {unit} if adopted else self._clean | {unit}
        found = orphans.of_unit(adopted, unit, unmarked=unmarked)
        self.ended = [*self.ended, *map(orphans.named, found)][-orphans.REMEMBERED :] if found else self.ended
        ended = orphans.end(found)
        if ended:
            self.journal.note("orphans-ended", unit, pids=ended)
        return ended

    def status(self) -> str:
        """Return the report of everything."""
        passive = not self.claim.held
        return report.status(
            self.supervisord,
            self.restarts,
            self.listeners,
            self.keeper,
            passive=passive,
            adopts=self.adopts,
            ended=self.ended,
        )

    def release(self, service: object, first: object) -> int:
        """Close the listeners of `service` from slot `first` on; RPCError for a bad argument or a live user."""
        if not isinstance(service, str) or type(first) is not int or first < 0:
            raise RPCError(Faults.BAD_ARGUMENTS, "release takes the name of a service and a number from 0 on")
        alive = {p.config.name for p in inside.processes(self.supervisord) if p.pid}
        users = [unit for unit in self.listeners.users(service, first) if unit in alive]
        if users:
            raise RPCError(Faults.STILL_RUNNING, f"{', '.join(users)} still use the listening sockets")
        return self.listeners.release(service, first)

    def _running(self, _event: object) -> None:
        # here and not in make(): a daemon has its own pid from here on, and no service has been started yet
        forks.arm()
        os.environ.pop(STORE, None)
        os.environ[MANAGER] = f"{os.getpid()}.{proc.start_ticks(os.getpid())}"
        units = {p.config.name for p in inside.processes(self.supervisord)}
        self.listeners.forget_all_but(units)
        self.restarts.forget_all_but(units)
        if self.claim.take():
            store.sweep(self.state)
        else:
            self.border.log(f"{self.claim.reason}; nothing is started here")
        self.chronicle.running(self.supervisord, passive=not self.claim.held)
        if self.store is None:
            self.store = store.Store(self.state, self.supervisord.options.minfds, self.answer, self.border.around)
            atexit.register(self.store.remove, os.getpid())
            self.adopts = parent.adopt_orphans()
            atexit.register(self._last, os.getpid())
            self.keeper.begin()
        os.environ[STORE] = self.store.path

    def _stopping(self, _event: object) -> None:
        self.chronicle.stopping(self.supervisord)
        # all at once: supervisord stops one group after another and waits for each
        for name, group in self.supervisord.process_groups.items():
            self.border.run(f"stopping {name}", group.stop_all)

    def _changed(self, event: StateEvent) -> None:
        process, state = event.process, event.process.state
        if state == ProcessStates.STOPPING:
            forks.own_group(process.pid)
        self.border.run("noting a change", self.chronicle.before, event)
        try:
            self.restarts.on_state(event)
        finally:
            self.border.run("noting a decision", self.chronicle.after, event, self.restarts.record(process.config.name))
            self.border.run("keeping its memory", self.keeper.changed, process)
            if process.state == state:  # else the change that followed has done it
                self._serve(process)

    def _last(self, pid: int) -> None:
        if os.getpid() == pid and self.adopts:  # not in a child of it
            orphans.end_descendants(pid)

    def _serve(self, process: inside.Process) -> None:
        unit = process.config.name
        self.listeners.mark(unit, alive=process.state in inside.ALIVE)
        if process.state in inside.ENDED:
            self.end_orphans(unit, unmarked=False)
        if process.state == ProcessStates.FATAL:
            self.listeners.drop(unit)

    def _removed(self, _event: object) -> None:
        units = {p.config.name for p in inside.processes(self.supervisord)}
        self.restarts.forget_all_but(units)
        self.keeper.forget_all_but(units)
        self.chronicle.forget_all_but(units)

    def _noting(self, waitpid: inside.Waitpid) -> inside.Waitpid:
        def noted() -> tuple[int | None, int | None]:
            pid, status = waitpid()
            if pid and status is not None:
                self.border.run("noting an exit", self.restarts.reaped, pid, status)
                self.border.run("keeping an exit", self.chronicle.reaped, pid, status)
            return pid, status

        return noted


class Interface:
    """The RPC namespace ``procman``. Every public name of this class can be called by who may open the socket."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def status(self) -> str:
        """Return everything about the manager and its units as one JSON text.

        @return string result  the report
        """
        return str(_reply(self._core, "status", self._core.status))

    def release(self, service: str, n: int) -> int:
        """Close the listening sockets of `service` from slot `n` on.

        @param string service  the name of the service
        @param int n           the first slot to close; 0 closes all
        @return int result     how many were closed
        """
        closed = _reply(self._core, "release", lambda: self._core.release(service, n))
        return int(str(closed))


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


def _reply(core: Core, what: str, work: Callable[[], object]) -> object:
    result = core.border.run(what, work, passing=(RPCError,))
    if isinstance(result, Broken):
        raise RPCError(Faults.FAILED, f"procman.{what}: {result.text}")
    return result
