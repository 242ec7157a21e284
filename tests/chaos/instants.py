"""Start and stop within a millisecond, over and over, by supervisord's own calls."""

from __future__ import annotations

import contextlib
import time

from procman.adapters.supervisor_rpc import Fault
from tests.chaos.arena import Arena
from tests.support.waiting import wait_until

TITLE = "start and stop within a millisecond"
SMALL, FULL = 40, 1000
DOWN = ("STOPPED", "EXITED", "FATAL", "BACKOFF")
STOP_LIMIT = 3.0


def attack(arena: Arena, rounds: int) -> None:
    """Start, stop at once; now and then let it live."""
    arena.write(arena.mqtt("fork", "setsid"))  # a stop signals the group, which it has left
    arena.run("up", codes={0})
    client = arena.client()
    for number in arena.rounds(rounds):
        with contextlib.suppress(Fault):
            client.stop("mqtt-0")
        since = time.monotonic()
        wait_until(lambda: arena.units().get("mqtt-0") in DOWN, 15, "it is down", 0.002)
        arena.expect(time.monotonic() - since < STOP_LIMIT, f"a stop took {time.monotonic() - since:.1f} s")
        before, since = arena.starts(), time.monotonic()
        with contextlib.suppress(Fault):
            client.start("mqtt-0")
        if number % 10 == 0:
            arena.lives_again(since, before)
            _kill(arena)
        elif number % 3:
            arena.linger(0.03)
        arena.settled()


def _kill(arena: Arena) -> None:
    """Kill what supervisord has, which starts it again while the rest of the old one is still there."""
    unit, before, since = arena.unit_pid(), arena.starts(), time.monotonic()
    if unit is not None:
        arena.kill(unit)
        arena.lives_again(since, before)
