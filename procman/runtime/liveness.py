"""Looks whether what is ready still works, and ends what does not: it is then started again as after a failure.

Nothing waits: a look goes on for a moment in each turn of the loop, until it has an answer or its time is over.
A process is looked at from the moment it is ready (and its start period is over) until it ends or is told to.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from procman.runtime import inside, probes, specfile
from procman.runtime.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.inside import Process
    from procman.runtime.journal import Journal
    from procman.runtime.probe import Probe, Subject
    from procman.runtime.readiness import Readiness
    from procman.runtime.restarts import Restarts

SOON = 0.02
TURN_SECONDS = 0.005
IDLE = 4


class Watched:
    """One ready process. `left` are the probes of the look under way, which ends at `until`; `due`: when to go on."""

    __slots__ = ("due", "failed", "killing", "left", "pid", "process", "spec", "subject", "until")

    def __init__(self, process: Process, subject: Subject, spec: specfile.Known, now: float) -> None:
        self.process, self.subject, self.spec = process, subject, spec
        self.pid = process.pid
        self.left: list[Probe] = []
        self.due = now + spec.alive_times[3] + spec.alive_times[0]
        self.until = 0.0
        self.failed = 0
        self.killing = False

    def end(self) -> None:
        """Let the look under way go."""
        for probe in self.left:
            probe.end()
        self.left = []


class Liveness(Watching[Watched]):
    """`call` has work done in so many seconds, `readiness` knows what to look at.

    `serve` is told of a unit whose process was given up: new connections are for others.
    """

    def __init__(
        self,
        call: Callable[[float, Callable[[], None]], None],
        readiness: Readiness,
        means: probes.Means,
        restarts: Restarts,
        journal: Journal,
        serve: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._serve = serve
        self._call = call
        self._readiness = readiness
        self._means = means
        self._restarts = restarts
        self._journal = journal
        self._planned = 0.0

    def begin(self, process: Process) -> None:
        """Look at `process`, which has become ready, if its spec says how."""
        spec, subject = specfile.of(process.config.command), self._readiness.subject(process)
        self.end(process)
        if spec.alive and subject is not None:
            watched = self._watched[id(process)] = Watched(process, subject, spec, time.monotonic())
            self._plan(watched.due)

    def given_up(self, process: Process) -> bool:
        """Tell whether `process` was unwell too often and is about to end."""
        watched = self._watched.get(id(process))
        return watched is not None and watched.killing

    def _plan(self, due: float) -> None:
        now = time.monotonic()
        if self._planned <= now or due < self._planned:
            self._planned = due
            self._call(max(0.001, due - now), self._turn)

    def _turn(self) -> None:
        began = time.monotonic()
        if began < self._planned:
            return  # one that was planned before an earlier one came
        for watched in sorted((w for w in self._watched.values() if w.due <= began), key=lambda w: w.due):
            self._go_on(watched)
            if time.monotonic() - began > TURN_SECONDS:
                break
        now = time.monotonic()
        if self._watched:
            self._planned = 0.0
            self._plan(max(now + IDLE * (now - began), min(w.due for w in self._watched.values())))

    def _go_on(self, watched: Watched) -> None:
        process, now = watched.process, time.monotonic()
        if process.pid != watched.pid or process.state not in inside.ALIVE:
            self.end(process)
        elif watched.killing:
            self._kill(watched, signal.SIGKILL)
            watched.due = now + 1.0
        else:
            self._look(watched, now)

    def _look(self, watched: Watched, now: float) -> None:
        interval, timeout = watched.spec.alive_times[:2]
        if not watched.left:
            watched.left = probes.alive(watched.spec, self._means)
            watched.until = now + timeout + SOON  # a probe says itself that its time is over, and in words
        while watched.left and watched.left[0].look(watched.subject):
            watched.left.pop(0).end()
        if not watched.left:
            watched.failed = 0
            watched.due = now + interval
        elif now >= watched.until or watched.left[0].no:
            self._fail(watched, watched.left[0].awaits, now)
        else:
            watched.due = min(watched.until, now + SOON)

    def _fail(self, watched: Watched, what: str, now: float) -> None:
        interval, _, failures = watched.spec.alive_times[:3]
        watched.end()
        watched.failed += 1
        watched.due = now + interval
        unit = inside.unit(watched.process)
        self._journal.note("unwell", unit, reason=what, failures=watched.failed, of=int(failures))
        if watched.failed >= failures:
            looks = "look" if watched.failed == 1 else "looks"
            self._restarts.record(watched.process.config.name).unwell = f"unwell in {watched.failed} {looks}: {what}"
            watched.killing = True
            try:
                self._serve(unit)
            finally:
                self._kill(watched, watched.process.config.stopsignal)
            watched.due = now + watched.process.config.stopwaitsecs

    def _kill(self, watched: Watched, number: int) -> None:
        """Signal its process group. Not by supervisord's own stop: what is stopped is not started again."""
        try:
            os.killpg(watched.pid, number)
        except ProcessLookupError:
            self.end(watched.process)  # it has ended, and is about to be reaped
