"""Which processes are ready: looks at each that was started until it is, or time is over. Never waits.

What readiness means for a service are its probes, one after another (see `probes`). A process is looked at every 10 ms
at first, then less often, and all of them together take at most a fifth of supervisord's time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from supervisor.states import ProcessStates

from procman.runtime import inside, listening, probes, specfile
from procman.runtime.probe import Probe, Settled, Subject
from procman.runtime.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.inside import Process
    from procman.runtime.listeners import Listeners
    from procman.runtime.sockets import Where
    from procman.runtime.tap import Tap

FIRST, LAST = 0.01, 0.25
PAUSE = 1.0
"""Seconds between two looks that are dear or are counted, where nothing is said of it."""
TURN_SECONDS = 0.005
IDLE = 4
TABLE_SECONDS = 0.1
MARGIN = 5.0
"""Seconds that a process gets beyond its start time and the timeout of its probe."""


class Watched:
    """One start of one process. `left` are the probes that have not said yes; `passed`: how often the first has."""

    __slots__ = ("due", "left", "passed", "pid", "process", "since", "spec", "subject")

    def __init__(self, process: Process, now: float) -> None:
        self.process = process
        self.pid = 0
        self.since = self.due = now
        self.spec = specfile.of(process.config.command)
        self.left: list[Probe] = []
        self.passed = 0
        self.subject: Subject | None = None

    @property
    def ready(self) -> bool:
        """Tell whether every probe has said yes."""
        return self.subject is not None and not self.left

    @property
    def settles(self) -> bool:
        """Tell whether all that it waits for is to have stayed up."""
        return len(self.left) == 1 and type(self.left[0]) is Settled

    @property
    def awaits(self) -> str:
        """Return in words what it waits for."""
        if not self.left:
            return "it has not started"
        more = f"; good {self.passed} of {self.spec.ready_times[2]:g} times in a row" if self.passed else ""
        return f"{self.left[0].awaits}{more}"

    @property
    def pause(self) -> float:
        """Return the seconds until the next look: longer with its age, as long as was written where it is asked."""
        first = self.left[0]
        if first.busy:
            return FIRST
        _, interval, _, _ = self.spec.ready_times
        if first.asks and interval:
            return interval
        if first.dear or self.passed:
            return PAUSE
        return min(LAST, max(FIRST, (time.monotonic() - self.since) / 8))

    def passes(self, subject: Subject) -> bool:
        """Tell whether the first probe has said yes, as often in a row as it must."""
        first = self.left[0]
        if first.look(subject):
            self.passed += 1
        elif not first.busy:
            self.passed = 0
        if not self.passed or first.busy or (first.asks and self.passed < self.spec.ready_times[2]):
            return False
        self.passed = 0
        return True

    def end(self) -> None:
        """Let the probes give back what they hold."""
        for probe in self.left:
            probe.end()


class Readiness(Watching[Watched]):
    """`call` calls something in so many seconds; `changed` is told of a process that has become ready."""

    def __init__(
        self,
        call: Callable[[float, Callable[[], None]], None],
        listeners: Listeners,
        means: probes.Means,
        changed: Callable[[Process], None],
    ) -> None:
        super().__init__()
        self._call = call
        self._listeners = listeners
        self._means = means
        self._changed = changed
        self._planned = False
        self._table: dict[int, list[int]] = {}
        self._seen = 0.0

    def changed(self, process: Process) -> None:
        """Look at `process` from its start on, and at once when it has stayed up for its start time."""
        watched = self._watched.get(id(process))
        if process.state == ProcessStates.STARTING:
            self._start(process)
        elif process.state == ProcessStates.RUNNING and watched is not None and watched.settles:
            self._call(0, lambda: self._settled(watched))

    def _start(self, process: Process) -> None:
        self.end(process)
        watched = self._watched[id(process)] = Watched(process, time.monotonic())
        if watched.spec.hears:  # before anything is read of what it writes: the next turn comes first to this
            self._call(0, lambda: self._first(watched))
        self._plan(FIRST)

    def ready(self, process: Process) -> bool:
        """Tell whether `process` is ready."""
        watched = self._watched.get(id(process))
        return watched is not None and watched.ready

    def subject(self, process: Process) -> Subject | None:
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
        patience = watched.spec.start_time + watched.spec.ready_times[3] + watched.spec.ready_timeout + MARGIN
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
        watched.due = time.monotonic() + LAST
        if watched.process.state not in inside.ALIVE:
            return
        subject = self._begin(watched)
        if subject is None:
            watched.due = time.monotonic() + FIRST
            return
        while watched.left and watched.passes(subject):
            watched.left.pop(0).end()
        if watched.left:
            watched.due = time.monotonic() + watched.pause
        else:
            self._changed(watched.process)

    def _settled(self, watched: Watched) -> None:
        if not watched.ready and self._watched.get(id(watched.process)) is watched:
            self._look(watched)

    def _first(self, watched: Watched) -> None:
        if watched.process.state in inside.ALIVE:
            self._begin(watched)

    def _begin(self, watched: Watched) -> Subject | None:
        """Return what is looked at of `watched`, once it has a process; None before, and when it has ended."""
        process = watched.process
        if self._watched.get(id(process)) is watched and watched.subject is None and process.pid:
            watched.pid = process.pid
            watched.subject = self._subject(watched)
            watched.left = probes.of(watched.spec, self._means)
            for probe in watched.left:
                probe.begin(watched.subject)
        return watched.subject

    def _subject(self, watched: Watched) -> Subject:
        unit, places = inside.unit(watched.process), watched.spec.places

        def tree() -> list[int]:
            return listening.tree(watched.pid, self._children())

        def settled() -> bool:
            return bool(watched.process.state == ProcessStates.RUNNING)

        def inodes() -> list[int]:
            return self._listeners.inodes(unit, places)

        def aim(place: Where, port: int | None) -> None:
            self._listeners.aim(unit, place, port)

        def tap(hear: Callable[[bytes], None]) -> Tap:
            from procman.runtime.tap import Tap  # noqa: PLC0415 - most projects have no use for it

            return Tap(watched.process, hear)

        def alone() -> bool:
            others = (other.process for other in self._watched.values() if other is not watched)
            return not any(process.pid and inside.unit(process) == unit for process in others)

        return Subject(watched.pid, tree, settled, inodes, aim, tap, alone)

    def _children(self) -> dict[int, list[int]]:
        """Return who has which children, at most a tenth of a second old."""
        now = time.monotonic()
        if now - self._seen > TABLE_SECONDS:
            self._table, self._seen = listening.children(), now
        return self._table
