"""SIGKILL of a command before each of its steps, one after another: every call by which it changes something.

strace counts the calls and kills at the one that is wanted, so that no moment is left to chance; a kind of call is done
when the command ends by itself.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

from tests.chaos.arena import Arena
from tests.support.projects import Done

TITLE = "SIGKILL of up, scale, restart, down before each call that changes something"
SMALL, FULL = 6, 400

CALLS = ("flock", "mkdir", "fsync", "rename", "unlink", "vfork", "connect", "sendto")
COLD, CHANGED, SCALE, RESTART, DOWN = "up, cold", "up, changed", "scale", "restart", "down"
CASES = (COLD, CHANGED, SCALE, RESTART, DOWN)
WORDS = {SCALE: ("scale", "side=2"), RESTART: ("restart", "mqtt"), DOWN: ("down",)}
MOST = 40


def attack(arena: Arena, rounds: int) -> None:
    """Prepare, kill before a step, and see `up` finish what was begun: one consumer, one manager."""
    if shutil.which("strace") is None:
        return
    arena.write()
    wanted = _walk() if rounds > SMALL else _chosen(arena)
    done: set[tuple[str, str]] = set()
    for _, (case, call, number) in zip(arena.rounds(rounds), (w for w in wanted if w[:2] not in done), strict=False):
        _prepare(arena, case)
        if _struck(arena, case, call, number):
            arena.tally.kills += 1
        else:
            done.add((case, call))
        arena.settled()
        arena.write()
        arena.run("up", codes={0})
        arena.expect(len(arena.consumers()) == 1, f"{case}, {call} {number}: consumers {arena.consumers()}")
        arena.expect(len(arena.shop.managers()) == 1, f"{case}, {call} {number}: managers {arena.shop.managers()}")


def _walk() -> Iterator[tuple[str, str, int]]:
    return ((case, call, number) for number in range(1, MOST) for case in CASES for call in CALLS)


def _chosen(arena: Arena) -> Iterator[tuple[str, str, int]]:
    while True:
        yield arena.chance.choice(CASES), arena.chance.choice(CALLS), arena.chance.randint(1, 4)


def _prepare(arena: Arena, case: str) -> None:
    arena.run("up", codes={0})
    if case == COLD:
        arena.run("down", codes={0})
    elif case == CHANGED:
        arena.write(arena.mqtt(env={"COLOUR": "green"}))


def _struck(arena: Arena, case: str, call: str, number: int) -> bool:
    """Run the command of `case`, killed at its call; tell whether it came that far."""
    strike = [
        "strace",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:signal=KILL:when={number}",
    ]
    words = WORDS.get(case, ("up",))
    process = subprocess.Popen(
        [*strike, sys.executable, "-m", "procman", *words],
        cwd=arena.shop.folder,
        env=arena.shop.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = process.communicate(timeout=90)
    if process.returncode == -signal.SIGKILL:
        return True
    arena.judge(Done(words, process.returncode, out, err))
    return False
