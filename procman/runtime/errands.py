"""Commands that probes run, as children of supervisord: started without a fork of its code, heard, ended as a group.

`ask.py` becomes each of them, as the service's user. How one ended is taken out of what supervisord reaps, which
would else take it for a process that it does not know. Nothing here waits.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from typing import TYPE_CHECKING

from procman.runtime import loop
from procman.runtime.exits import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.border import Border
    from procman.runtime.inside import Waitpid

_SCRIPT = os.path.join(os.path.dirname(__file__), "ask.py")
_READ_BYTES = 64 << 10
_KEPT_BYTES = 512
_SAID = 200


class Errand:
    """One command. `code`: its exit status, negative for a signal; None while it runs."""

    __slots__ = ("_heard", "_output", "code", "pid", "words")

    def __init__(self, pid: int, words: tuple[str, ...], output: int) -> None:
        self.pid = pid
        self.words = words
        self.code: int | None = None
        self._output = output
        self._heard = b""

    @property
    def said(self) -> str:
        """Return the last line that it wrote, cut short."""
        lines = [line for line in self._heard.splitlines() if line.strip()]
        return printable(lines[-1].strip()[:_SAID]) if lines else ""

    def hear(self) -> None:
        """Take a part of what it wrote, so that it does not block on a full pipe."""
        if self._output < 0:
            return
        with contextlib.suppress(BlockingIOError):
            self._heard = (self._heard + os.read(self._output, _READ_BYTES))[-_KEPT_BYTES:]

    def end(self) -> None:
        """End it, with all of its process group."""
        if self.code is None:
            self.kill()
        if self._output >= 0:
            os.close(self._output)
            self._output = -1

    def kill(self) -> None:
        """Send SIGKILL to its process group."""
        with contextlib.suppress(OSError):  # nobody is left of it
            os.killpg(self.pid, signal.SIGKILL)


class Errands:
    """Those of one supervisord that have not been reaped."""

    def __init__(self, least: int, border: Border) -> None:
        self._least = least
        self._border = border
        self._running: dict[int, Errand] = {}

    @property
    def pids(self) -> set[int]:
        """Return their pids."""
        return set(self._running)

    def start(self, *words: str) -> Errand:
        """Start `ask.py` with `words`; OSError when that cannot be, or when one with these words still runs."""
        if any(errand.words == words for errand in self._running.values()):
            raise OSError(errno.EBUSY, "the one before has not ended, though it was killed")
        read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            output = loop.high(read, self._least)
            os.set_blocking(write, True)
            pid = self._spawned(write, words)
        finally:
            os.close(write)
        errand = self._running[pid] = Errand(pid, words, output)
        return errand

    def sifted(self, waitpid: Waitpid, tell: Callable[[int, int], None]) -> Waitpid:
        """Return `waitpid` without the ends of errands; `tell` is told of every other."""

        def sifted() -> tuple[int | None, int | None]:
            while True:  # an answer of nobody would end the round, and leave the next one for a second
                pid, status = waitpid()
                if not pid or status is None:
                    return pid, status
                if self._border.run("ending a probe's command", self._reaped, pid, status) is not True:
                    tell(pid, status)
                    return pid, status

        return sifted

    def _spawned(self, write: int, words: tuple[str, ...]) -> int:
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", _SCRIPT, *words],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, write, 1),
                (os.POSIX_SPAWN_DUP2, write, 2),
            ],
            setpgroup=0,
            setsigmask=(),
        )

    def _reaped(self, pid: int, status: int) -> bool:
        errand = self._running.pop(pid, None)
        if errand is None:
            return False
        errand.kill()  # what it left behind in its group
        errand.hear()
        errand.code = os.waitstatus_to_exitcode(status)
        return True
