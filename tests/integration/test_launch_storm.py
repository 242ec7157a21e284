"""Two hundred launchers of one singleton at once, killed at random: never two inside."""

import random
import sys
from pathlib import Path

import pytest

from tests.support.launching import Bench, Started
from tests.support.waiting import wait_until

STARTERS = 200
KILLED = 40

# A second, independent lock tells whether somebody else is inside. It sits on a higher descriptor than the lock under
# test: the kernel closes the highest first, so it is free again before the lock is.
INSIDE = """
import fcntl, os, sys, time
detector, log, seconds, end = sys.argv[1:]
say = os.open(log, os.O_WRONLY | os.O_APPEND)
low = os.open(detector, os.O_RDONLY)
high = fcntl.fcntl(low, fcntl.F_DUPFD, 100)
os.close(low)
try:
    fcntl.flock(high, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.write(say, b"A")
except BlockingIOError:
    os.write(say, b"X")
time.sleep(float(seconds))
if end == "kill":
    os.kill(os.getpid(), 9)
"""


def storm(bench: Bench, seed: int, *, locked: bool) -> str:
    """Start all, kill some, wait for all; what the detector wrote: A for each that was alone, else X."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    detector, log = bench.folder / "detector", bench.folder / "log"
    detector.touch()
    log.write_text("")
    specs = [_spec(bench, chance, detector, log, locked=locked) for _ in range(8)]
    started: list[Started] = []
    for _ in range(STARTERS):
        started.append(bench.start(chance.choice(specs)))
        if chance.random() < KILLED / STARTERS:
            chance.choice(started[-20:]).kill()
    codes = [s.code() for s in started]
    assert set(codes) <= {0, 75, -9}, codes
    wait_until(lambda: not bench.orphans(), 10, "all ended")
    return log.read_text()


def _spec(bench: Bench, chance: random.Random, detector: Path, log: Path, *, locked: bool) -> Path:
    inside = [sys.executable, "-I", "-S", "-c", INSIDE, detector, log]
    arg = [*inside, chance.choice(["0", "0.005", "0.05"]), chance.choice(["kill", "exit"])]
    topic = chance.choice(["a/+/c", "a/#", "a/b/c"])
    return bench.spec(arg=arg, lock=[f"{bench.scope} {topic}"]) if locked else bench.api(arg=arg)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_never_two_inside(bench: Bench, seed: int) -> None:
    """Overlapping filters, holders that crash and launchers that are killed: each that gets in is alone."""
    inside = storm(bench, seed, locked=True)
    assert inside.count("A") >= 5
    assert "X" not in inside


@pytest.mark.slow
def test_the_detector_trips_without_the_lock(bench: Bench) -> None:
    """The same storm of a service that takes no lock: the detector sees two inside."""
    assert "X" in storm(bench, 0, locked=False)
