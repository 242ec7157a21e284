"""How evenly kept connections lie on two instances: the share of the one that has fewer, by how many there are."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import Any

from arena import APPS, HERE, arena

COUNTS = (64, 256, 1024)
RATE = 400.0
SECONDS = 3.0
GOAL = 45.0


def balance(rounds: int, until: float) -> None:
    """Print the median and the worst share over the rounds, per number of connections."""
    shares: dict[int, list[float]] = {count: [] for count in COUNTS}
    with arena("node", command=["node", str(APPS / "node.cjs")]) as made:
        for _ in range(rounds):
            for count in COUNTS:
                if time.monotonic() < until:
                    shares[count].append(_smaller(made.port, count))
    print(f"balance: share of requests of the instance that has fewer, kept connections, {rounds} rounds")
    for count, found in shares.items():
        if found:
            middle, worst = statistics.median(found), min(found)
            held = "reached" if worst >= GOAL else "MISSED"
            print(f"  {count:5} connections: median {middle:.1f} %, worst {worst:.1f} % (goal 45 % in each: {held})")


def _smaller(port: int, connections: int) -> float:
    command = [sys.executable, str(HERE / "load.py"), f"127.0.0.1:{port}", "--open-first", "--rate", str(RATE)]
    command += ["--connections", str(connections), "--seconds", str(max(SECONDS, connections / RATE))]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(said)
    counts = [*found["by_pid"].values(), 0]
    return 100 * min(counts[:2]) / sum(counts)
