"""A hundred small processes: `up` until all are exec'ed, and `restart` of all until they run anew, beside PM2."""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
import measure
import peers

COUNT = 100
UP_GOAL, RESTART_GOAL = 0.9, 0.4
PROGRAM = "/bin/sleep"
MARK = b"864001"
RUNS = PROGRAM.encode() + b"\0" + MARK + b"\0"
POLL = 0.01
PATIENCE = 600


def many(rounds: int, until: float) -> None:
    """Print both, in alternating rounds."""
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for name, measured in (("procman", _procman), ("pm2", _pm2)):
            if time.monotonic() > until:
                break
            with peers.short_home() as folder:
                up, restart = measured(folder)
            times.setdefault((name, "up"), []).append(up)
            times.setdefault((name, "restart"), []).append(restart)
    found = {key: statistics.median(rows) for key, rows in times.items()}
    print(f"many: {COUNT} processes ({PROGRAM}), median of {rounds} rounds")
    for (name, what), value in sorted(found.items(), key=lambda item: item[0][1]):
        print(f"  {what:8} {name:8} {value:6.2f} s")
    for what, goal in (("up", UP_GOAL), ("restart", RESTART_GOAL)):
        if ("procman", what) in found and ("pm2", what) in found:
            print(f"  {what:8} procman : pm2 {measure.ratio(found['procman', what], found['pm2', what], goal)}")


def _procman(folder: Path) -> tuple[float, float]:
    service = {"kind": "scalable", "command": [PROGRAM, MARK.decode()], "instances": COUNT, "memory": "2M"}
    manifest = folder / "procman.yaml"
    manifest.write_text(json.dumps({"version": 1, "project": "many", "services": {"small": service}}))
    environment = peers.clean_environment(PROCMAN_HOME=str(folder / "h"))
    program = [str(Path(sys.executable).parent / "procman")]

    def run(word: str) -> subprocess.Popen[bytes]:
        command = [*program, word, "-f", str(manifest)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    try:
        up = _until(run("up"), set())
        return up, _until(run("restart"), _pids())
    finally:
        run("down").wait()


def _pm2(folder: Path) -> tuple[float, float]:
    made = peers.Pm2(folder / "h")
    app = {"name": "small", "script": PROGRAM, "args": MARK.decode(), "exec_mode": "fork", "interpreter": "none"}
    (folder / "ecosystem.config.json").write_text(json.dumps({"apps": [{**app, "instances": COUNT}]}))

    def run(*words: str) -> subprocess.Popen[bytes]:
        command = [str(made.program), *words]
        return subprocess.Popen(command, env=made.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    try:
        up = _until(run("start", str(folder / "ecosystem.config.json")), set())
        return up, _until(run("restart", "all"), _pids(), ended=True)
    finally:
        made.end()


def _until(process: subprocess.Popen[bytes], before: set[int], *, ended: bool = False) -> float:
    """Return the seconds until all run that are not in `before`; `ended`: and the command has said so.

    What was there already is not read again and again: looking takes processor time from what is measured.
    """
    began = time.perf_counter()
    known = {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()} | before
    found: set[int] = set()
    while len(found) < COUNT:
        if process.poll():
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        if time.perf_counter() - began > PATIENCE:
            raise RuntimeError(f"waited {PATIENCE} s in vain: {COUNT} processes run")
        time.sleep(POLL)
        found |= _pids(known | found)
    seconds = time.perf_counter() - began
    process.wait()
    return time.perf_counter() - began if ended or before else seconds


def _pids(known: Collection[int] = ()) -> set[int]:
    """Return the processes that have become the program, but for those in `known`."""
    found = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            new = entry.name.isdigit() and int(entry.name) not in known
            if new and (entry / "cmdline").read_bytes() == RUNS:
                found.add(int(entry.name))
    return found
