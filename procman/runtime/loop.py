"""procman's places on supervisord's own poll loop: watched descriptors, and a way to end its sleep.

supervisord polls for up to a second and a signal does not end that (PEP 475 resumes the poll), so a dead child
was noticed a second late. A pipe that Python's signal handler writes to ends it within a millisecond.
"""

from __future__ import annotations

import atexit
import bisect
import contextlib
import fcntl
import os
import resource
import signal
import time
from typing import TYPE_CHECKING

from supervisor.medusa import asyncore_25 as asyncore

from procman.runtime.watchdog import Stalled

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from procman.runtime.border import Around
    from procman.runtime.watchdog import Watchdog

_ROOM = 1024
"""Descriptors that procman may need above `minfds`."""

_MARGIN = 0.01
"""supervisord compares times with ">": a wake-up at the very moment would come too early."""


def high(fd: int, least: int) -> int:
    """Move `fd` to a number from `least` on, closed on exec, and return that; OSError when there is none.

    Below `minfds` supervisord closes whatever is open: in each child before exec, and in itself on SIGHUP.
    """
    _make_room(least)
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, least)
    finally:
        os.close(fd)


def _make_room(least: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = least + _ROOM
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


_REST = 5.0
"""Seconds until work is tried again that was broken off."""


class Watch:
    """One descriptor on the poll loop: `ready` is called when there is something to read.

    Speaks the protocol of the main loop's dispatchers. `ready` must not raise (see `border`).
    """

    __slots__ = ("_fd", "_ready")

    def __init__(self, fd: int, ready: Callable[[], None]) -> None:
        self._fd = fd
        self._ready = ready
        asyncore.socket_map[fd] = self

    def end(self) -> None:
        """Take the descriptor off the loop; it is not closed."""
        if asyncore.socket_map.get(self._fd) is self:
            del asyncore.socket_map[self._fd]

    def readable(self) -> bool:
        """Tell the loop that reading is always wanted."""
        return True

    def writable(self) -> bool:
        """Tell the loop that nothing is ever to be written."""
        return False

    def handle_read_event(self) -> None:
        """Do the work; the loop calls this."""
        self._ready()

    def handle_error(self) -> None:
        """Do nothing: `ready` has reported its own errors."""


class Wake:
    """Ends the sleep of the poll loop: on any signal, when poked, and when a time has come.

    `around` makes a callback that cannot raise into the loop. The alarm is the `watchdog`'s, too.
    """

    def __init__(self, least: int, around: Around, watchdog: Watchdog) -> None:
        read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._read, self._write = high(read, least), high(write, least)
        self._due: list[float] = []
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._called = 0
        self._around = around
        self._watchdog = watchdog
        self.watch = Watch(self._read, around("the wake-up", self._drain))
        signal.signal(signal.SIGALRM, self._alarm)
        atexit.register(_hush)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)

    def poke(self) -> None:
        """Let the next poll return at once: a change made after `transition` would else wait a second."""
        with contextlib.suppress(BlockingIOError):  # full: it will return anyway
            os.write(self._write, b"!")

    def after(self, seconds: float) -> None:
        """Let the poll return `seconds` from now; 0 is at once."""
        if seconds <= 0:
            self.poke()
            return
        bisect.insort(self._due, time.monotonic() + seconds + _MARGIN)
        self.arm()

    def call(self, seconds: float, work: Callable[[], None]) -> None:
        """Call `work` once on the loop, `seconds` from now, and not from within a change of state."""

        def tried() -> None:
            try:
                work()
            except Stalled:
                self.call(_REST, work)
                raise

        self._called += 1  # two works are never compared
        bisect.insort(self._calls, (time.monotonic() + seconds, self._called, self._around("a call", tried)))
        if seconds <= 0:
            self.poke()
        else:
            self.arm()

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._read, 4096):
                pass
        now = time.monotonic()
        while self._due and self._due[0] <= now:
            self._due.pop(0)
        due = [call for call in self._calls if call[0] <= now]
        del self._calls[: len(due)]
        for _, _, work in due:
            work()
        self.arm()

    def arm(self) -> None:
        """Let the alarm come at the next time that anybody waits for."""
        now = time.monotonic()
        waits = [at - now for at in (*self._due[:1], *(call[0] for call in self._calls[:1]))]
        step = self._watchdog.due()
        if waits or step is not None:
            signal.setitimer(signal.ITIMER_REAL, max(0.001, min([*waits, *([] if step is None else [step])])))

    def _alarm(self, _signal: int, frame: FrameType | None) -> None:
        """Handle SIGALRM: the pipe ends the sleep of the loop, and a step that is under way may be late."""
        try:
            self._watchdog.alarm(frame)
        finally:
            step = self._watchdog.due()
            if step is not None:  # what else is due is done after it
                signal.setitimer(signal.ITIMER_REAL, step)


def _hush() -> None:
    """Let no alarm come while the interpreter ends: it takes the handlers away, and would end by the signal."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
