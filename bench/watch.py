"""What `verify --watch` needs as a service, and whether it grows: a round a second stands for one in ten minutes."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import measure
from peers import ROOT

sys.path.insert(0, str(ROOT))
from tests.support.members import Shop
from tests.support.projects import Project, project
from tests.support.tiwater import free_port, mosquitto, python_lab
from tests.support.waiting import wait_until

ROUNDS, SETTLED = 144, 10
"""A day of rounds, one every ten minutes; those before memory counts as settled."""

GOAL = 1 << 20


def main() -> None:
    """Print the memory of the watch after ten rounds and after a day of them; RuntimeError when it grew."""
    folder = Path(tempfile.mkdtemp(prefix="pmw-"))
    try:
        with project() as shop:
            port = free_port()
            with mosquitto(shop.folder, port, "allow_anonymous true\nsys_interval 1"):
                before, after = _watched(Shop(shop, port, python_lab(folder)))
    finally:
        shutil.rmtree(folder)
    print(f"\nverify --watch, all checks, {ROUNDS} rounds, as many as in a day at one every 10 minutes:")
    print(f"  resident {before >> 10} KiB after {SETTLED} rounds, {after >> 10} KiB at the end", flush=True)
    if after - before > GOAL:
        raise RuntimeError("the watch has grown")


def _watched(members: Shop) -> tuple[int, int]:
    members.begin()
    watch = [sys.executable, "-m", "procman", "verify", "--watch", "--every", "1s"]
    watcher = {"kind": "singleton", "command": watch, "memory": "60M"}
    members.project.write({"mqtt": members.mqtt(2), "watcher": watcher})
    members.project.up()
    pid = members.project.pids()["watcher-0"]
    seen: list[int] = []
    rounds = [_verified(members.project)]
    while len(seen) < ROUNDS:
        wait_until(lambda: _verified(members.project) != rounds[-1], 120, "one more round", 0.1)
        rounds.append(_verified(members.project))
        seen.append(measure.resident(pid)[0])
    if members.project.pids().get("watcher-0") != pid:
        raise RuntimeError("the watch was started again")
    return seen[SETTLED], max(seen[-SETTLED:])


def _verified(project: Project) -> float:
    """Return when a guard was verified last."""
    record = json.loads((project.state / "verified.json").read_bytes())
    return max(float(row["at"]) for row in record["proofs"])


if __name__ == "__main__":
    main()
