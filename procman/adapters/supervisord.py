"""The supervisord process: started, waited for, ended. Asking it things is `supervisor_rpc`'s job."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from procman.adapters import installation
from procman.adapters.patience import Patience
from procman.adapters.state import State
from procman.core.errors import Failed
from procman.core.installation import SUPERVISOR

ANSWER_WITHIN = 20.0
"""Seconds that it may do nothing before it answers; while it works, as on a slow machine, it gets more."""

POLL = 0.02
_REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def python() -> str:
    """Return the interpreter that runs supervisord and the launcher: ours."""
    return sys.executable


def launcher() -> str:
    """Return the path of the launcher."""
    spec = importlib.util.find_spec("procman.runtime.launch")
    if spec is None or spec.origin is None:
        raise Failed("procman's launcher is missing", "install procman again: its package is not whole")
    return spec.origin


def launch(state: State, answers: Callable[[], bool], *, foreground: bool) -> int:
    """Start supervisord on the rendered file and return its pid once it answers.

    It inherits nothing: no descriptor, no variable of the shell, and in the background no session either.
    Failed when there is no supervisord, when it ends, or when it does not answer in time. One that has not answered is
    killed, also when the wait is interrupted: until then nobody could ask it to end, and its services die with it.
    """
    if importlib.util.find_spec("supervisor") is None:
        raise Failed("supervisord is not installed beside procman", installation.this().adding(SUPERVISOR))
    process: subprocess.Popen[bytes] | None = None
    answered = False
    try:
        with _later():
            process = _spawn(state, foreground=foreground)
        _wait_for(process, state, answers)
        answered = True
    finally:
        if process is not None and not answered:
            process.kill()
            process.wait()
    return process.pid


@contextmanager
def _later() -> Iterator[None]:
    """Let requests to end come afterwards: between the fork and its pid a Ctrl-C would leave a process nobody knows.

    Handlers and not a mask, which the new process would inherit.
    """
    noted: list[int] = []
    former = {each: signal.getsignal(each) for each in _REQUESTS}
    for each, handler in former.items():
        if handler != signal.SIG_IGN:
            signal.signal(each, lambda number, _frame: noted.append(number))
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
    for number in noted:
        signal.raise_signal(number)


def _wait_for(process: subprocess.Popen[bytes], state: State, answers: Callable[[], bool]) -> None:
    began = time.monotonic()
    patience = Patience(process.pid, ANSWER_WITHIN, None)
    while not answers():
        if process.poll() is not None:
            raise Failed(f"supervisord ended with {process.returncode}: {_last_words(state)}", f"see {state.logs}")
        if not patience.lasts():
            raise Failed(f"supervisord did not answer within {time.monotonic() - began:.0f} s", f"see {state.logs}")
        time.sleep(POLL)


def _spawn(state: State, *, foreground: bool) -> subprocess.Popen[bytes]:
    output = f"{state.logs}/supervisord.out"
    try:
        with open(output, "wb", opener=_private) as sink:
            return subprocess.Popen(
                [python(), "-m", "procman.runtime.supervisord", "-c", state.conf],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=_environment(),
                cwd=state.folder,
                umask=0o077,
                start_new_session=not foreground,
                process_group=0 if foreground else None,
            )
    except OSError as error:
        raise Failed(f"cannot start supervisord: {error.strerror}", f"check {python()} and {output}") from error


def _environment() -> dict[str, str]:
    names = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "PYTHONPATH")
    return {name: os.environ[name] for name in names if name in os.environ}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _last_words(state: State) -> str:
    try:
        with open(f"{state.logs}/supervisord.out", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            lines = [line.strip() for line in file if line.strip() and not line.startswith("For help, use ")]
    except OSError:
        return "nothing was said"
    return lines[-1] if lines else "nothing was said"


def ended(pid: int, within: float) -> bool:
    """Wait until the process `pid` is gone; False when it still runs after `within` seconds."""
    deadline = time.monotonic() + within
    while _lives(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


def kill(pid: int) -> None:
    """Send SIGKILL to `pid`; nothing to do when it is gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _lives(pid: int) -> bool:
    try:
        waited, _ = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        waited = 0
    if waited == pid:
        return False
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False
