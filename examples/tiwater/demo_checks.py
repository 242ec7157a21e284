"""What the demo counts, and how: from the database and the process table, never from what a program says of itself."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Key = tuple[str, str, str]


class NotRefused(Exception):
    """The second supervisord did not have its consumer refused."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was published against what is stored."""

    published: int
    rows: int
    duplicates: int
    lost: int

    @property
    def exact(self) -> bool:
        """Tell whether every reading is there exactly once."""
        return self.rows == self.published and self.duplicates == 0 and self.lost == 0


def fresh(database: Path) -> None:
    """Remove the database of an earlier run."""
    database.parent.mkdir(exist_ok=True)
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)


def figures(database: Path, published: Sequence[tuple[str, bytes]]) -> Figures:
    """Return what `database` holds of the messages in `published`."""
    with sqlite3.connect(database) as connection:
        stored: list[Key] = connection.execute("SELECT timestamp, codigo_tienda, equipo_id FROM readings").fetchall()
    sent = {_key(topic, payload) for topic, payload in published}
    return Figures(len(published), len(stored), len(stored) - len(set(stored)), len(sent - set(stored)))


def _key(topic: str, payload: bytes) -> Key:
    document = json.loads(payload)
    return str(document["timestamp"]), topic.split("/")[1], str(document["equipo_id"])


def processes_left(home: str) -> int:
    """Return how many processes still carry this demo's home in their environment or command."""
    return len(_left(home))


def end_left(home: str) -> None:
    """Kill what `processes_left` counts."""
    for pid in _left(home):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _left(home: str) -> list[int]:
    mark = os.fsencode(home) + b"/"
    mine = {os.getpid(), os.getppid()}
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) not in mine:
            try:
                text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if mark in text:
                found.append(int(folder.name))
    return found


def refused_by_launcher(state: Path, copy: Path, patience: float) -> str:
    """Run a second supervisord on a copy of the file in `state`; return why the launcher refused its consumer.

    Only the places of socket, pid file and logs differ. NotRefused when exit status 75 is not seen in time.
    """
    (copy / "logs").mkdir(parents=True)
    text = (state / "supervisord.conf").read_text()
    for name in ("sock", "logs", "supervisord.pid"):
        text = text.replace(f"{state}/{name}", f"{copy}/{name}")
    (copy / "supervisord.conf").write_text(text)
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(copy / "supervisord.conf")]
    second = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return _wait_refused(copy / "logs", second, patience)
    finally:
        second.terminate()
        second.wait()


def _wait_refused(logs: Path, second: subprocess.Popen[bytes], patience: float) -> str:
    deadline = time.monotonic() + patience
    while True:
        said = _read(logs / "supervisord.log")
        if "mqtt-0 (exit status 75" in said:
            reasons = [line for line in _read(logs / "mqtt-0.log").splitlines() if line.startswith("procman:")]
            return reasons[-1] if reasons else "(no reason was logged)"
        if "success: mqtt-0" in said:
            raise NotRefused("a second consumer runs")
        if second.poll() is not None or time.monotonic() > deadline:
            raise NotRefused(f"the second supervisord did not report exit status 75: {said[-500:]}")
        time.sleep(0.05)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:
        return ""
