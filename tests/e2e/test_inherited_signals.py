"""What the shell that starts procman ignores or blocks: the manager and its services have nothing of it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support.projects import PATIENCE, Project, ended
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

SHELL = ["sh", "-c"]
PROCMAN = shlex.join([sys.executable, "-m", "procman"])
HEARS = """
import signal, sys
def hear(number, frame):
    print("heard", signal.Signals(number).name, flush=True)
    sys.exit()
signal.signal(signal.SIGINT, hear) if signal.getsignal(signal.SIGINT) != signal.SIG_IGN else None
print("listens", flush=True)
while True:
    signal.pause()
"""
"""A program that leaves a signal alone which it finds ignored, as bash, Python and nohup do."""

PYTHON_IGNORES = {signal.SIGPIPE, signal.SIGXFSZ}
WAYS = {
    "nohup": f"nohup {PROCMAN} up",
    "trap": f"trap '' INT TERM HUP QUIT PIPE USR1 USR2 ALRM TSTP; {PROCMAN} up",
    "job": f"{PROCMAN} up & wait $!",
    "job under nohup": f"nohup sh -c {shlex.quote(f'{PROCMAN} up & wait $!')}",
}


def sets(pid: int, *names: str) -> dict[str, set[int]]:
    """Return the signals in each of these sets of a process; those of the C library are left out."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    found = dict(line.split(":\t") for line in lines if line.startswith("Sig"))
    valid = signal.valid_signals()
    return {name: {number for number in valid if int(found[name], 16) >> (number - 1) & 1} for name in names}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_the_shell_reaches_what_runs(shop: Project, way: str) -> None:
    """Whatever is ignored around `up`, services have every default, and supervisord ignores what Python does alone."""
    plain = {"command": ["/bin/sleep", "1000"], "memory": "10M"}  # a program that changes nothing of its signals
    shop.write({"api": {"kind": "scalable", **plain}, "mqtt": {"kind": "singleton", **plain, **shop.only("x")}})
    done = _shell(shop, WAYS[way])
    assert done.returncode == 0, done.stdout
    for unit, pid in shop.pids().items():
        assert sets(pid, "SigIgn", "SigBlk") == {"SigIgn": set(), "SigBlk": set()}, unit
    assert sets(shop.manager(), "SigIgn", "SigBlk") == {"SigIgn": PYTHON_IGNORES, "SigBlk": set()}


def test_nothing_that_is_blocked_reaches_what_runs(shop: Project) -> None:
    """A mask is inherited, too: a manager that cannot hear SIGTERM or SIGCHLD would not end, and not see an end."""
    masked = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1]
    done = shop.run("up", preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, masked))
    ended(done, 0)
    for unit, pid in {**shop.pids(), "supervisord": shop.manager()}.items():
        assert sets(pid, "SigBlk") == {"SigBlk": set()}, unit


@pytest.mark.parametrize("kind", ["scalable", "singleton"])
def test_service_that_is_stopped_by_sigint_hears_it(shop: Project, kind: str) -> None:
    """`stop: {signal: INT}` reaches a program that was started from a background job of a script."""
    command = [sys.executable, "-u", "-c", HEARS]
    shop.write(
        {"worker": {"kind": kind, "command": command, "memory": "40M", "stop": {"signal": "INT", "timeout": "9s"}}}
    )
    assert _shell(shop, WAYS["job"]).returncode == 0
    wait_until(lambda: "listens" in _log(shop), PATIENCE, "the program runs")
    ended(shop.run("down"), 0)
    assert "heard SIGINT" in _log(shop)


def test_ignored_sigchld_hides_no_end(shop: Project) -> None:
    """Who ignores SIGCHLD is never told how a child ended: an `up` that fails says so, and the waiter waits."""
    with shop.popen("up", "--foreground", preexec_fn=_ignores(signal.SIGCHLD), stdout=subprocess.DEVNULL) as process:
        try:
            assert process.stderr is not None
            assert any("is ready" in line for line in process.stderr)
            wait_until(lambda: b"foreground.py" in _words(process.pid), PATIENCE, "it waits for the manager")
            os.kill(shop.manager(), signal.SIGKILL)
            assert "Traceback" not in process.stderr.read()
            assert process.wait(PATIENCE) == 1
        finally:
            process.kill()


@pytest.mark.parametrize("ignored", [(), ("INT", "QUIT"), ("HUP",), ("TERM",)])
def test_foreground_leaves_alone_what_is_ignored(shop: Project, ignored: Sequence[str]) -> None:
    """Under nohup a SIGHUP, and in a background job a SIGINT, changes nothing; SIGTERM ends it always."""
    numbers = [signal.Signals[f"SIG{name}"] for name in ignored]
    with shop.popen("up", "--foreground", preexec_fn=_ignores(*numbers), stderr=subprocess.STDOUT) as process:
        try:
            assert process.stdout is not None
            assert any("is ready" in line for line in process.stdout)
            wait_until(lambda: b"foreground.py" in _words(process.pid), PATIENCE, "it waits for the manager")
            wait_until(lambda: not sets(process.pid, "SigBlk")["SigBlk"], PATIENCE, "it hears")
            before = shop.pids()
            for number in {*numbers} - {signal.SIGTERM}:
                process.send_signal(number)
            shop.status_code(0)
            assert shop.pids() == before
            process.terminate()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
    assert shop.processes() == []


def _ignores(*numbers: signal.Signals) -> Callable[[], None]:
    def ignore() -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)

    return ignore


def _shell(shop: Project, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SHELL, script], cwd=shop.folder, env=shop.environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=90,
    )  # fmt: skip


def _log(shop: Project) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in (shop.state / "logs").glob("worker*"))


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
