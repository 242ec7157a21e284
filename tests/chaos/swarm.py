"""Very many commands at the same instant, without the price of a Python each: forked from one that has imported all.

``swarm.py`` reads a JSON list of argument lists from stdin, forks a process for each, lets them go at once and writes a
list of [exit code, what it said] to stdout. Each is a process of its own that runs the whole command.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from procman.cli import main
from procman.cli.door import run

WITHIN = 240.0


def together(commands: list[list[str]]) -> list[tuple[int, str]]:
    """Run all at once and return the exit code of each (-9: it did not end in time) and its output."""
    with tempfile.TemporaryDirectory(prefix="pms") as folder:
        hold, go = os.pipe()
        files = [f"{folder}/{number}" for number in range(len(commands))]
        pids = [_forked(words, file, hold, go) for words, file in zip(commands, files, strict=True)]
        os.close(hold)
        os.close(go)  # the last holder: whoever reads, reads the end
        deadline = time.monotonic() + WITHIN
        codes = [_code(pid, deadline) for pid in pids]
        return [(code, Path(file).read_text("utf-8")) for code, file in zip(codes, files, strict=True)]


def _forked(words: list[str], file: str, hold: int, go: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    os.close(go)
    out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.argv = ["procman", *words]
    os.read(hold, 1)
    os.close(hold)
    main()
    os._exit(99)


def _code(pid: int, deadline: float) -> int:
    while time.monotonic() < deadline:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    wanted = json.load(sys.stdin)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        run(["up", "--dry-run"])  # imports what they all need
        run(["status"])
    sys.stdout.write(json.dumps(together(wanted)))
