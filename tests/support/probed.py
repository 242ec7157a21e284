"""What tests of probes share: a server that answers with the bytes of a file, and what of a command still runs."""

from __future__ import annotations

import os
from pathlib import Path

from procman.core import rolling
from procman.core.observed import ObservedUnit
from procman.runtime import procfs
from tests.support.supervised import Lab
from tests.support.waiting import wait_until

PATIENCE = 40.0

RAW = """
import socket, sys, threading, time
listener = socket.socket(fileno=3)
def answer(connection):
    try:
        connection.recv(4096)
        for piece in open(sys.argv[1] + ".answer", "rb").read().split(b"|"):
            connection.sendall(piece)
            time.sleep(0.02)
        while piece.endswith(b"..."):
            connection.sendall(piece)
    except OSError:
        pass
    connection.close()
while True:
    threading.Thread(target=answer, args=listener.accept()[:1], daemon=True).start()
"""
"""Answers with the bytes of NAME.answer: a segment up to each ``|``, and the last one for ever if it ends with dots."""

ACCEPTS = """
import socket
listener = socket.socket(fileno=3)
while True:
    listener.accept()[0].close()
"""


def ready(lab: Lab, name: str) -> ObservedUnit:
    """Wait until `name` is ready and has stayed up."""

    def there() -> ObservedUnit | None:
        unit = lab.unit(name)
        return unit if unit.ready and unit.statename == "RUNNING" else None

    found = wait_until(there, PATIENCE, f"{name} is ready; supervisord said:\n{lab.log()}")
    assert found is not None
    return found


def finished(lab: Lab, name: str, number: int) -> ObservedUnit:
    """Wait until the job `number` of `name` is over."""

    def over() -> ObservedUnit | None:
        unit = lab.unit(name)
        return unit if unit.job and unit.job.number == number and rolling.over(unit.job.phase) else None

    found = wait_until(over, PATIENCE, f"the job of {name} is over; supervisord said:\n{lab.log()}")
    assert found is not None
    return found


def awaits(lab: Lab, name: str, words: str) -> None:
    """Wait until `name` is said not to be ready for this reason."""
    wait_until(
        lambda: words in (lab.unit(name).awaits or ""),
        PATIENCE,
        f"{name} awaits '{words}', not '{lab.unit(name).awaits}'",
    )
    assert not lab.unit(name).ready


def marked(mark: str) -> list[int]:
    """Return the processes, zombies left out, that have `mark` among their arguments."""
    found = []
    for pid in procfs.pids():
        words = (procfs.read(f"/proc/{pid}/cmdline") or b"").decode(errors="replace").split("\0")
        if mark in words and pid != os.getpid() and procfs.identity(pid) is not None:
            found.append(pid)
    return found


def written(path: Path) -> str:
    """What `path` holds; nothing when it is not there."""
    return path.read_text(encoding="utf-8") if path.exists() else ""
