"""What looking at memory costs: processor time of a look, and what a simulated day of looks leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import measure

from procman.core import caps
from procman.core.limits import Limit, Limits
from procman.runtime import procfs
from procman.runtime.caps import NEAR_SECONDS, SECONDS
from procman.runtime.usage import Usage

PROCESSES = 20
LOOKS = 300
HOURS = 24
GOAL = 0.005
"""Of a core, at 20 processes."""

SLEEPS = "import json, signal; kept = b'x' * (20 << 20); signal.pause()"


def main() -> None:
    """Print the cost of a look, quiet and while a process grows, and the growth of a simulated day."""
    children = [subprocess.Popen([sys.executable, "-S", "-c", SLEEPS]) for _ in range(PROCESSES)]
    try:
        time.sleep(2)
        units = [(f"api-{i}", child.pid) for i, child in enumerate(children)]
        quiet = cost(Usage(lambda: units), LOOKS)
        before = measure.resident(os.getpid())[0]
        day = cost(Usage(lambda: units), int(HOURS * 3600 / SECONDS), judged=True)
        grown = measure.resident(os.getpid())[0] - before
    finally:
        for child in children:
            child.kill()
            child.wait()
    others = len(procfs.pids()) - PROCESSES
    print(f"a look at {PROCESSES} processes of 25 MiB among {others} others ({LOOKS} looks)")
    share, near = quiet / SECONDS * 100, quiet / NEAR_SECONDS * 100
    print(
        f"  processor time {quiet * 1000:.2f} ms, so {share:.2f} % of a core, {near:.2f} % while one is near its limit;"
    )
    print(f"  at most {GOAL * 100:g} %")
    looks = int(HOURS * 3600 / SECONDS)
    print(f"{HOURS} simulated hours, {looks} looks: {day * 1000:.2f} ms each, {grown >> 10} KiB more resident memory")


def cost(usage: Usage, looks: int, *, judged: bool = False) -> float:
    """Return the processor seconds of one look."""
    limits = Limits({"api": Limit(400 << 20, 600 << 20, singleton=False, listens=True)})
    watched: dict[str, caps.Watched] = {}
    began = time.process_time()
    for number in range(looks):
        while not usage.turn():
            pass
        for i in range(PROCESSES if judged else 0):
            limit = limits.of(f"api-{i}")
            size = usage.of(f"api-{i}").last
            if limit is not None and limit.soft is not None:
                caps.judge(watched.setdefault(f"api-{i}", caps.Watched()), size, limit.soft, limit.hard, float(number))
    return (time.process_time() - began) / looks


if __name__ == "__main__":
    main()
