"""A fork of supervisord becomes its service by itself, where nothing asks for an interpreter of its own. Never waits.

A new interpreter is most of what a start costs, and a hundred of them at once keep a machine busy for seconds. The fork
has all that the launcher needs in its memory already. It takes the launcher's own steps (`chain`); a singleton always
gets the launcher itself, so that whoever holds a lock, or waits for it, has nothing of supervisord's.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, NoReturn

from procman.runtime import chain, hello, inside, launch, orphans, procfs, specfile

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.inside import Execve, Process

FRESH = 0.5
"""Seconds for which one look at every process of the machine holds: for many starts at once, not for the next one."""

_ARGUMENTS = 5
_LOADED = (chain, hello)
"""What a child would else have to load, each for itself: that is a third of its start."""


class Offspring:
    """What forks of one supervisord must know. `safe` tells whether what falls to it is its own, and ended by it."""

    def __init__(self, state: str, least: int, safe: Callable[[], bool], services: Callable[[], set[int]]) -> None:
        self._state = b"\0PROCMAN_STATE=" + os.fsencode(state) + b"\0"
        self._least = least
        self._safe = safe
        self._services = services
        self._code = _code()
        self._seen = 0.0
        self._left: set[bytes] = set()
        self._clear = ""

    def expect(self, process: Process) -> None:
        """Find out before the fork whether an earlier start of `process` may have left something alive."""
        unit = inside.unit(process)
        self._clear = ""
        if not self._safe() or specfile.of(process.config.command).alone:
            return
        now = time.monotonic()
        if now - self._seen > FRESH:
            self._left, self._seen = self._others(), now
        left = orphans.adopted(self._services(), os.getpid())
        if unit.encode() not in self._left and not orphans.of_unit(left, unit, unmarked=False):
            self._clear = process.config.name

    def instead_of(self, execve: Execve) -> Execve:
        """Return what a child calls where it would call `execve`; that still follows for all that is not for here."""

        def become(filename: str, argv: list[str], environment: dict[str, str]) -> None:
            try:
                if self._may(argv):
                    self._become(argv[-1], environment)
            finally:  # whatever went wrong before it could say so: the launcher does it all by itself
                execve(filename, argv, environment)

        return become

    def _may(self, argv: list[str]) -> bool:
        """Tell whether `argv` is this very launcher, unchanged since supervisord began, for no singleton."""
        ours = len(argv) == _ARGUMENTS and argv[:4] == [sys.executable, "-I", "-S", launch.__file__]
        return ours and not specfile.at(argv[-1]).alone and _code() == self._code

    def _become(self, spec: str, environment: dict[str, str]) -> NoReturn:
        gc.disable()  # it would close descriptors by numbers that are somebody else's by then
        signal.set_wakeup_fd(-1)
        for name in os.listdir("/proc/self/fd"):
            if int(name) >= self._least:  # below that supervisord has closed them
                _close(int(name))
        told = {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}
        clear = environment.get("SUPERVISOR_PROCESS_NAME") == self._clear
        try:
            chain.run([spec], told, clear=clear)
        except SystemExit as ended:
            os._exit(int(str(ended.code)))
        raise AssertionError("a chain has no other end")

    def _others(self) -> set[bytes]:
        """Return the units of this project that other managers, alive or dead, have left processes of."""
        found = set()
        mine = b"\0PROCMAN_MANAGER=%b\0" % (procfs.identity(os.getpid()) or b"?")
        for pid in procfs.pids():
            environment = procfs.environ(pid)
            if self._state in environment and mine not in environment:
                found.add(procfs.value(environment, orphans.MARK) or b"")
        return found


def _code() -> tuple[int, int]:
    """Return what tells the launcher's code on disk from another version of it."""
    found = os.stat(chain.__file__)
    return found.st_ino, found.st_mtime_ns


def _close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:
        return  # the one by which the list was read
