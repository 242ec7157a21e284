"""Commands of probes as children: what waitpid tells of them, and what it must not hide."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from procman.runtime import procfs
from procman.runtime.border import Border
from procman.runtime.errands import Errands
from tests.support.waiting import wait_until

PATIENCE = 40.0


def errands() -> tuple[Errands, list[str]]:
    """Commands of this process, and what was said of them."""
    said: list[str] = []
    return Errands(200, Border(said.append)), said


def waitpid() -> tuple[int | None, int | None]:
    """Reap as supervisord does."""
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None, None


def ended(pid: int) -> bool:
    """Tell whether `pid` waits to be reaped."""
    now = procfs.status(pid)
    return now is not None and now[0] == b"Z"


def test_a_reaped_command_does_not_end_the_round() -> None:
    """When a command has ended before a service, one call gives the service, and the command has its status."""
    made, said = errands()
    first = made.start("/no/spec", "ready", "1")
    service = subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"])
    wait_until(lambda: ended(first.pid) and ended(service.pid), PATIENCE, "both have ended")
    told: list[int] = []
    pid, status = made.sifted(waitpid, lambda pid, _: told.append(pid))()
    assert (pid, os.waitstatus_to_exitcode(status or 0)) == (service.pid, 7)
    assert told == [service.pid]
    service.returncode = 7
    assert (first.code, made.pids, said) == (78, set(), []), "78: there is no such spec"
    assert made.sifted(waitpid, lambda *_: None)() == (None, None)
    first.end()


def test_one_that_has_not_ended_is_not_started_again() -> None:
    """The same question twice at once is refused, until the first has been reaped."""
    made, _ = errands()
    first = made.start("/no/spec", "ready", "1")
    with pytest.raises(OSError, match="the one before has not ended"):
        made.start("/no/spec", "ready", "1")
    first.end()
    wait_until(lambda: ended(first.pid), PATIENCE, "it was killed")
    made.sifted(waitpid, lambda *_: None)()
    second = made.start("/no/spec", "ready", "1")
    second.end()
    wait_until(lambda: ended(second.pid), PATIENCE, "it was killed")
    made.sifted(waitpid, lambda *_: None)()
    assert not made.pids
