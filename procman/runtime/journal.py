"""The history of one project: an event per line of JSON, appended to ``events.log`` in its state directory.

Anybody may note something, the plugin inside supervisord as well as a command: each line is one write at the end of the
file. When the file is full it becomes ``events.log.1``, so that 1 MiB holds it all. Nothing is synced, nothing waits,
nothing is raised: a history that cannot be written must not keep a service from running. Decides nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from typing import TYPE_CHECKING

from procman.core.pace import Rest

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "events.log"
OLDER = ".1"
LARGEST = 512 << 10
"""A file of this size is full; an older one stays beside it."""

LONGEST = 8192
"""Bytes of one line; what is longer loses its facts."""

SLOW_SECONDS = 60.0

FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Journal:
    """The history in the directory `state`. `log` hears once that it cannot be written, until it can again."""

    __slots__ = ("_broken", "_rest", "_slow", "clock", "log", "path")

    def __init__(
        self, state: str, log: Callable[[str], None] | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.path = f"{state}/{NAME}"
        self.log = log
        self.clock = clock
        self._broken = False
        self._rest = Rest()
        self._slow: dict[str, float] = {}

    def note(self, event: str, unit: str = "", **facts: object) -> None:
        """Append one event of `unit`, or of the manager. Facts are what JSON can say; None is left out.

        While the disk keeps the writer waiting, events are left out: for a longer time each time.
        """
        began = time.monotonic()
        if self._rest.holds(began):
            return
        try:
            self._append(line(self.clock(), event, unit, facts))
            self._broken = False
        except (OSError, TypeError, ValueError) as error:
            if not self._broken and self.log is not None:
                self.log(f"cannot write {self.path}: {error}; events are lost until it can be written")
            self._broken = True
        finally:
            pause = self._rest.took(began, time.monotonic())
            if pause and self.log is not None:
                self.log(f"{self.path} took long to write; no events for {pause:g} s")

    def slow(self, step: str, seconds: float) -> None:
        """Note that a step of procman's kept supervisord waiting; each step once a minute at most."""
        now = time.monotonic()
        if now - self._slow.get(step, now - SLOW_SECONDS) >= SLOW_SECONDS:
            self._slow[step] = now
            self.note("stalled", step=step, seconds=round(seconds, 3))

    def _append(self, data: bytes) -> None:
        descriptor = os.open(self.path, FLAGS, 0o600)
        try:
            now = os.fstat(descriptor)
            if not stat.S_ISREG(now.st_mode):
                raise OSError(0, "it is no regular file")
            os.write(descriptor, data)
            if now.st_size + len(data) > LARGEST:
                self._turn(descriptor, now)
        finally:
            os.close(descriptor)

    def _turn(self, descriptor: int, seen: os.stat_result) -> None:
        """Put the full file aside; of several who see that it is full, one does it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if os.path.samestat(os.stat(self.path), seen):
            os.rename(self.path, self.path + OLDER)


def line(at: float, event: str, unit: str, facts: dict[str, object]) -> bytes:
    """Return one event as its line. `at` counts seconds since the epoch."""
    head: dict[str, object] = {"at": round(at, 3), "event": event}
    if unit:
        head["unit"] = unit
    said = {name: value for name, value in facts.items() if value is not None}
    data = json.dumps({**head, **said}, separators=(",", ":")).encode() + b"\n"
    return data if len(data) <= LONGEST else json.dumps({**head, "cut": True}, separators=(",", ":")).encode() + b"\n"
