"""Figures: medians of alternating rounds, so that what else the machine does hits all candidates alike; and memory."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

KIB = 1024


def alternate(
    commands: Mapping[str, tuple[list[str], dict[str, str]]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Run each command (argv, environment) once per round, in turn, and return the median seconds of each."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for name, (argv, environment) in commands.items():  # once unmeasured: caches and compiled files
        _timed(name, argv, environment, clock)
    for _ in range(rounds):
        for name, (argv, environment) in commands.items():
            times[name].append(_timed(name, argv, environment, clock))
    return {name: statistics.median(found) for name, found in times.items()}


def processor() -> float:
    """Return the processor seconds of every child that has ended: what a busy machine does not lengthen much."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _timed(name: str, argv: list[str], environment: dict[str, str], clock: Callable[[], float]) -> float:
    began = clock()
    done = subprocess.run(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode not in (0, 3):  # supervisorctl status ends with 3 when something is not running
        raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    return clock() - began


def resident(pid: int) -> tuple[int, int]:
    """Return RSS and PSS of one process in bytes."""
    rss = pss = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "Rss":
            rss = int(value.split()[0]) * KIB
        if name == "Pss":
            pss = int(value.split()[0]) * KIB
    return rss, pss


def ratio(ours: float, theirs: float, goal: float) -> str:
    """Return ours : theirs with the goal it is held against."""
    found = ours / theirs
    return f"{found:.2f} (goal: at most {goal}, {'reached' if found <= goal else 'MISSED'})"
