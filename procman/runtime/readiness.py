"""Which processes are ready: looks at each that was started until it is, or time is over. Never waits.

What readiness means for a service are its probes, one after another (see `probes`). A process is looked at every 10 ms
at first, then less often, and all of them together take at most a fifth of supervisord's time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from supervisor.states import ProcessStates

from procman.runtime import inside, listening, probes, specfile

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.inside import Process
    from procman.runtime.listeners import Listeners
    from procman.runtime.notices import Notices
    from procman.runtime.sockets import Where

FIRST, LAST = 0.01, 0.25
TURN_SECONDS = 0.005
IDLE = 4
TABLE_SECONDS = 0.1
MARGIN = 5.0
"""Seconds that a process gets beyond its start time and the timeout of its probe."""


class Watched:
    """One start of one process. `left` are the probes that have not said yes; `failed`: why it is too late."""

    __slots__ = ("due", "left", "pid", "process", "since", "spec", "subject")

    def __init__(self, process: Process, now: float) -> None:
        self.process = process
        self.pid = 0
        self.since = self.due = now
        self.spec = specfile.of(process.config.command)
        self.left: list[probes.Probe] = []
        self.subject: probes.Subject | None = None

    @property
    def ready(self) -> bool:
        """Tell whether every probe has said yes."""
        return self.subject is not None and not self.left

    @property
    def awaits(self) -> str:
        """Return in words what it waits for."""
        return self.left[0].awaits if self.left else "it has not started"

    def end(self) -> None:
        """Let the probes give back what they hold."""
        for probe in self.left:
            probe.end()


class Readiness:
    """`call` calls something in so many seconds; `changed` is told of a process that has become ready."""

    def __init__(
        self,
        call: Callable[[float, Callable[[], None]], None],
        listeners: Listeners,
        notices: Notices,
        changed: Callable[[Process], None],
    ) -> None:
        self._call = call
        self._listeners = listeners
        self._notices = notices
        self._changed = changed
        self._watched: dict[int, Watched] = {}
        self._planned = False
        self._table: dict[int, list[int]] = {}
        self._seen = 0.0

    def begin(self, process: Process) -> None:
        """Look at `process`, which is starting."""
        self.end(process)
        self._watched[id(process)] = Watched(process, time.monotonic())
        self._plan(FIRST)

    def end(self, process: Process) -> None:
        """Look at `process` no more."""
        watched = self._watched.pop(id(process), None)
        if watched is not None:
            watched.end()

    def forget(self) -> None:
        """Look at nothing any more: supervisord has made all its processes anew."""
        for watched in self._watched.values():
            watched.end()
        self._watched.clear()

    def ready(self, process: Process) -> bool:
        """Tell whether `process` is ready."""
        watched = self._watched.get(id(process))
        return watched is not None and watched.ready

    def subject(self, process: Process) -> probes.Subject | None:
        """Return what probes look at of `process`; None before it is looked at."""
        watched = self._watched.get(id(process))
        return None if watched is None else watched.subject

    def awaits(self, process: Process) -> str | None:
        """Return in words what `process` is not ready for yet, or None."""
        watched = self._watched.get(id(process))
        return None if watched is None or watched.ready else watched.awaits

    def late(self, process: Process) -> str | None:
        """Return in words why `process` takes too long, or None while there is hope."""
        watched = self._watched.get(id(process))
        if watched is None or watched.ready:
            return None
        patience = watched.spec.start_time + watched.spec.ready_timeout + MARGIN
        if time.monotonic() - watched.since < patience:
            return None
        return f"was not ready within {patience:.0f} s: {watched.awaits}"

    def _plan(self, seconds: float) -> None:
        if not self._planned:
            self._planned = True
            self._call(seconds, self._turn)

    def _turn(self) -> None:
        self._planned = False
        began = time.monotonic()
        waiting = [w for w in self._watched.values() if not w.ready]
        for watched in sorted((w for w in waiting if w.due <= began), key=lambda w: w.due):
            self._look(watched)
            if time.monotonic() - began > TURN_SECONDS:
                break
        now = time.monotonic()
        left = [w.due for w in waiting if not w.ready]
        if left:
            self._plan(max(FIRST / 2, IDLE * (now - began), min(left) - now))

    def _look(self, watched: Watched) -> None:
        process, now = watched.process, time.monotonic()
        age = now - watched.since
        watched.due = now + min(LAST, max(FIRST, age / 8))
        if not process.pid or process.state not in (ProcessStates.STARTING, ProcessStates.RUNNING):
            return
        if watched.subject is None:
            watched.pid = process.pid
            watched.subject = self._subject(watched)
            watched.left = probes.of(watched.spec, self._notices)
        while watched.left and watched.left[0].look(watched.subject):
            watched.left.pop(0).end()
        if watched.left and watched.left[0].busy:
            watched.due = now + FIRST
        if watched.ready:
            self._changed(process)

    def _subject(self, watched: Watched) -> probes.Subject:
        unit, places = inside.unit(watched.process), watched.spec.places

        def tree() -> list[int]:
            return listening.tree(watched.pid, self._children())

        def settled() -> bool:
            return bool(watched.process.state == ProcessStates.RUNNING)

        def inodes() -> list[int]:
            return self._listeners.inodes(unit, places)

        def aim(place: Where, port: int | None) -> None:
            self._listeners.aim(unit, place, port)

        return probes.Subject(watched.pid, tree, settled, inodes, aim)

    def _children(self) -> dict[int, list[int]]:
        """Return who has which children, at most a tenth of a second old."""
        now = time.monotonic()
        if now - self._seen > TABLE_SECONDS:
            self._table, self._seen = listening.children(), now
        return self._table
