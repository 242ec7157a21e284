"""A supervisord whose clock leaps: whenever it would sleep until something is due, that time has come at once.

Everything else is real: the plugin, processes, memory, sockets, files. So a day passes in minutes, and what
is kept in memory can be counted before and after.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

PLUGIN = """
import gc, os, signal, sys, time
from procman.runtime import machine, plugin, watchdog

REAL = (time.monotonic, time.time)
class Clock:
    ahead = told = 0.0
time.monotonic = lambda: REAL[0]() + Clock.ahead
time.time = lambda: REAL[1]() + Clock.ahead
BEGAN = time.monotonic()
watchdog.BUDGET = float("inf")  # in leaps every step looks late

def leap(kind, seconds, interval=0.0):
    if seconds == float("inf"):
        return  # nothing is due but the end of a step
    Clock.ahead += seconds
    if time.monotonic() - Clock.told >= {every}:
        Clock.told = time.monotonic()
        tell()
    signal.raise_signal(signal.SIGALRM)
signal.setitimer = leap

def tell():
    gc.collect()
    resident = int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    with open(STATE + "/told", "a") as file:
        file.write(f"{{time.monotonic() - BEGAN:.0f}} {{sys.getallocatedblocks()}} {{resident}}\\n")

real = machine.seen
def seen(root=""):
    short = int((time.monotonic() - BEGAN) / 600) % 3 == 1
    available = 20 if short else 900
    return real(root)._replace(total=1000 << 20, available=available << 20, swap=0, some=0.0, full=0.0)
machine.seen = seen

def make(supervisord, state, **options):
    global STATE
    STATE = state
    made = plugin.make(supervisord, state=state, **options)
    plugin._cores[0].border.begun = None  # else each step begins with a leap
    return made
"""


class Told(NamedTuple):
    """What the manager had: seconds since its begin, blocks that Python has allocated, bytes resident."""

    seconds: float
    blocks: int
    resident: int


def source(every: float) -> str:
    """Return the stand-in for the plugin, which tells what it has every so many seconds of its time."""
    return PLUGIN.format(every=every)


def told(state: Path) -> list[Told]:
    """Return what it has told up to now."""
    path = state / "told"
    rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()] if path.exists() else []
    return [Told(float(row[0]), int(row[1]), int(row[2])) for row in rows if len(row) == len(Told._fields)]
