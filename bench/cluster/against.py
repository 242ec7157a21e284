"""procman's cluster beside PM2's, and beside nginx in front of two plain node processes: same app, alternating rounds.

python bench/cluster/against.py --minutes 30
python bench/cluster/against.py --only throughput --rounds 5
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from arena import loaded

sys.path.append(str(Path(__file__).resolve().parents[1]))
import measure
import peers
from balance import balance
from candidates import NODE_SERVERS, SCRIPTS, Candidate, answered, chosen, nginx, pm2, procman
from many import many

CONNECTIONS = 64
SECONDS = 5
WARM_UP = 2
KINDS = ("new", "keepalive")
RELOADS = 10
RATE = 200.0
IMPATIENT = 0.25
"""Seconds: a request that a killed process took with it must not hide that the next one is answered."""


def throughput(rounds: int, until: float) -> None:
    """Print requests per second, p99 and processor time per 10,000 requests, with new and with kept connections."""
    if shutil.which("wrk") is None:
        raise peers.Unavailable(f"wrk is not installed: {peers.how_to_install('wrk')}")
    samples = _sampled(rounds, until)
    middle = {key: [statistics.median(part) for part in zip(*rows, strict=True)] for key, rows in samples.items()}
    print(f"throughput: {chosen['app']}, two instances, {CONNECTIONS} connections, {rounds} x {SECONDS} s, medians")
    for (name, kind), (rate, p99, processor) in sorted(middle.items(), key=lambda item: item[0][1]):
        rates = [row[0] for row in samples[name, kind]]
        spread = f"({min(rates):,.0f} to {max(rates):,.0f})"
        print(f"  {kind:9} {name:8} {rate:8,.0f} req/s {spread:19} p99 {p99:6.1f} ms {processor:5.2f} CPU s per 10,000")
    for kind, goals in (("new", (2.0, 0.8, 0.7)), ("keepalive", (1.0, 0.8, None))):
        for other in ("pm2", "nginx"):
            if ("procman", kind) in middle and (other, kind) in middle:
                parts = [a / b for a, b in zip(middle["procman", kind], middle[other, kind], strict=True)]
                held = _held(parts, goals) if other == "pm2" else ""
                words = f"req/s {parts[0]:.2f} x, p99 {parts[1]:.2f} x, CPU {parts[2]:.2f} x"
                print(f"  {kind:9} procman : {other:6} {words}{held}")


def _sampled(rounds: int, until: float) -> dict[tuple[str, str], list[tuple[float, float, float]]]:
    """Return rate, p99 and processor time of each round by candidate and kind.

    Every round starts each candidate anew, alone, and warms it up. What the JIT of a node process made of the app, and
    how its heap grew, stays with that process: two of one program differ by a fifth for as long as they live. One pair
    of processes for all rounds compares two draws of that.
    """
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    orders = list(itertools.permutations((procman, pm2, nginx)))
    for number in range(rounds):
        kinds = KINDS[:: -1 if number % 2 else 1]
        for start in orders[number % len(orders)]:
            if time.monotonic() > until:
                return found
            with start() as one:
                for kind in kinds:
                    _wrk(one, kind, WARM_UP)
                for kind in kinds:
                    found.setdefault((one.name, kind), []).append(_wrk(one, kind))
    return found


def _held(parts: list[float], goals: tuple[float, float, float | None]) -> str:
    rate, p99, processor = goals
    reached = parts[0] >= rate and parts[1] <= p99 and (processor is None or parts[2] <= processor)
    wanted = f"{rate}, {p99}" + (f", {processor}" if processor else "")
    return f" (goals {wanted}: {'reached' if reached else 'MISSED'})"


def _wrk(one: Candidate, kind: str, seconds: int = SECONDS) -> tuple[float, float, float]:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    command += ["-H", "Connection: close"] if kind == "new" else []
    before = one.processor()
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{one.port}/"], check=True, capture_output=True, text=True
    ).stdout
    used = one.processor() - before
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    all_of_them = int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    count = all_of_them - (int(bad[1]) if bad else 0)
    rate *= count / all_of_them  # what nginx refuses by itself is no answer
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]
    return rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit], used / count * 10_000


def reloads(rounds: int, until: float) -> None:
    """Print what is lost over ten reloads, with new and with kept connections."""
    totals: dict[tuple[str, str], list[int]] = {}
    for _ in range(rounds):
        for kind in ("new", "keepalive"):
            for start in (procman, pm2):
                if time.monotonic() > until:
                    break
                with start() as one, loaded(one.port, kind, RATE) as counted:
                    for _ in range(RELOADS):
                        if one.reload is not None:
                            one.reload()
                row = totals.setdefault((one.name, kind), [0, 0])
                row[0] += counted["lost"]
                row[1] += counted["sent"]
    print(f"reloads: failed of sent over {RELOADS} reloads, {RATE:.0f} req/s, {rounds} rounds together")
    for (name, kind), (lost, sent) in totals.items():
        print(f"  {kind:9} {name:8} {lost:,} of {sent:,}")


def recovery(rounds: int, until: float) -> None:
    """Print SIGKILL of the one instance to the next answer."""
    times: dict[str, list[float]] = {}
    with procman(1) as ours, pm2(1) as theirs:
        for number in range(rounds * 3 + 1):
            for one in (ours, theirs):
                if time.monotonic() > until:
                    break
                pid = answered(one.port)
                time.sleep(1.5)  # neither is slowed down by the failure before
                began = time.perf_counter()
                os.kill(int(pid), signal.SIGKILL)
                while answered(one.port, IMPATIENT) == pid:
                    pass
                if number:
                    times.setdefault(one.name, []).append((time.perf_counter() - began) * 1000)
    found = {name: statistics.median(rows) for name, rows in times.items()}
    print(f"recovery: SIGKILL of the only instance to the next answer, median of {rounds * 3}")
    for name, value in found.items():
        print(f"  {name:8} {value:6.0f} ms")
    if len(found) > 1:
        print(f"  procman : pm2 {measure.ratio(found['procman'], found['pm2'], 0.75)}")


def memory(rounds: int, until: float) -> None:
    """Print the PSS of the manager with two instances, after some requests."""
    sizes: dict[str, list[float]] = {}
    for _ in range(rounds):
        for start in (procman, pm2, nginx):
            if time.monotonic() > until:
                break
            with start() as one:
                _wrk(one, "keepalive")
                time.sleep(1)
                sizes.setdefault(one.name, []).append(one.memory())
    found = {name: statistics.median(rows) for name, rows in sizes.items()}
    print(f"memory: PSS of manager or proxy and two instances, median of {rounds}")
    for name, value in found.items():
        print(f"  {name:8} {value:6.1f} MiB")
    if "procman" in found and "pm2" in found:
        print(f"  procman : pm2 {measure.ratio(found['procman'], found['pm2'], 0.85)}")


PARTS = {
    "throughput": throughput,
    "reloads": reloads,
    "recovery": recovery,
    "memory": memory,
    "many": many,
    "balance": balance,
}


def main() -> int:
    """Run every part, or those asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="begin no sample after this time")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--app", choices=sorted(SCRIPTS), default="node", help="plain node, or express from npm")
    given = parser.parse_args()
    chosen["app"] = given.app
    if given.app == "express" and not (NODE_SERVERS / "node_modules").exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NODE_SERVERS, check=True)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    until = time.monotonic() + given.minutes * 60
    for name in given.only.split(","):
        try:
            PARTS[name](given.rounds, until)
        except (peers.Unavailable, RuntimeError) as missing:
            print(f"{name}: not measured: {missing}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
