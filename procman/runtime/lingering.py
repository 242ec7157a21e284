"""Holds back that a process has ended which was told to, while others of its process group are still ending.

``npm start``, or a shell: the whole group is told to end, the first process is gone at once, and the server behind it
answers what it has. For supervisord the service would be down, and what is left of it would be killed. So it hears of
the end when the last of the group has gone; when that takes too long it kills the group, as it would kill one process,
and then that is how the service ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING, Protocol

from supervisor.states import ProcessStates

from procman.runtime import inside, orphans

if TYPE_CHECKING:
    from procman.runtime.border import Border
    from procman.runtime.inside import Supervisord, Waitpid

MARGIN = 1.5
"""Seconds on top of a stop's own, after which an end is told whatever is left: SIGKILL may not reach it."""


class Core(Protocol):
    """What the plugin keeps, as far as it is asked here. `known`: the pids of services and of probes' commands."""

    adopts: bool
    border: Border
    supervisord: Supervisord

    def known(self) -> set[int]: ...  # noqa: D102 - see above


class Lingering:
    """The ends that are held back, of one run of supervisord: SIGHUP comes when all have ended."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._held: dict[int, tuple[int, float]] = {}

    def kept(self, waitpid: Waitpid) -> Waitpid:
        """Return `waitpid` with such ends told later."""

        def kept() -> tuple[int | None, int | None]:
            for held, (told, until) in list(self._held.items()):
                late = time.monotonic() - until
                if late > MARGIN or self._core.border.run("looking who still ends", self._goes_on, held) is not True:
                    del self._held[held]
                    return held, signal.SIGKILL if late > 0 else told
            while True:
                pid, status = waitpid()
                if not pid or status is None:
                    return pid, status
                patience = self._core.border.run("looking who ends with it", self._patience, pid)
                if not isinstance(patience, float):
                    return pid, status
                self._held[pid] = status, time.monotonic() + patience

        return kept

    def _patience(self, pid: int) -> float | None:
        """Return how long the group of `pid` may take to end; None when nobody is left of it, or it was not told to."""
        process = next((p for p in inside.processes(self._core.supervisord) if p.pid == pid), None)
        if process is None or process.state != ProcessStates.STOPPING or not self._goes_on(pid):
            return None
        return float(process.config.stopwaitsecs)

    def _goes_on(self, group: int) -> bool:
        left = orphans.adopted(self._core.known(), os.getpid()) if self._core.adopts else []
        return any(_group(pid) == group for pid in left)


def _group(pid: int) -> int:
    with contextlib.suppress(OSError):
        return os.getpgid(pid)
    return 0
