"""`procman plan` cold against `pm2 jlist` in one run, with the manager up and down; and planning alone, in memory."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import measure
import peers
import status

from procman.core.budget import Budget
from procman.core.machine import Machine
from procman.core.manifest import Instances, Kind, Manifest, Service
from procman.core.plan import make_plan
from procman.core.quantity import GIB, MIB

ROUNDS = 25
GOAL = 0.6
SIZES = (100, 1_000, 10_000)
REPEATS = 5


def main() -> None:
    """Print both parts."""
    commands()
    planning()


def commands() -> None:
    """Print the medians of whole commands and the ratios."""
    with peers.short_home() as folder:
        pm2 = peers.Pm2(folder / "pm2")
        manifest = str(status.write_manifest(folder))
        up, down = (peers.clean_environment(PROCMAN_HOME=str(folder / name)) for name in ("p", "q"))
        procman = str(Path(sys.executable).parent / "procman")
        subprocess.run([procman, "up", "-f", manifest], env=up, check=True, capture_output=True)
        try:
            pm2.start(status.apps(), folder)
            plan = [procman, "plan", "-f", manifest]
            found = measure.alternate(
                {
                    "procman plan, manager up": (plan, up),
                    "procman plan, down": (plan, down),
                    "procman plan --ram 2G": ([*plan, "--ram", "2G"], down),
                    "pm2 jlist": ([str(pm2.program), "jlist"], pm2.environment),
                },
                ROUNDS,
            )
        finally:
            subprocess.run([procman, "down", "-f", manifest], env=up, check=True, capture_output=True)
            pm2.end()
    print(f"plan of {status.PROCESSES} instances, median of {ROUNDS} alternating rounds (PM2 {pm2.version})")
    for name, seconds in found.items():
        print(f"  {name:24} {seconds * 1000:6.0f} ms")
    for name in list(found)[:-1]:
        print(f"  {name:24} : pm2 {measure.ratio(found[name], found['pm2 jlist'], GOAL)}")


def planning() -> None:
    """Print time and peak memory of planning alone, every count open."""
    print(f"planning alone, `instances: auto` everywhere, best of {REPEATS}")
    for size in SIZES:
        manifest, budget = crowd(size), Budget(Machine(size * 3 * GIB, None, "bench"), reserve=0)
        seconds = min(_timed(manifest, budget) for _ in range(REPEATS))
        tracemalloc.start()
        plan = make_plan(manifest, budget)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        instances = sum(s.instances for s in plan.services)
        print(
            f"  {size:6,} services, {instances:8,} instances  {seconds * 1000:7.1f} ms  {peak / MIB:6.1f} MiB at most"
        )


def crowd(size: int) -> Manifest:
    """Return a manifest of so many services with open counts, 97 sizes of limits and five weights."""
    return Manifest(
        "bench",
        tuple(
            Service(
                f"s{i}",
                Kind.SCALABLE,
                ("x",),
                instances=Instances(1, None),
                memory=(50 + i % 97) * MIB,
                weight=1 + i % 5,
            )
            for i in range(size)
        ),
    )


def _timed(manifest: Manifest, budget: Budget) -> float:
    began = time.perf_counter()
    make_plan(manifest, budget)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
