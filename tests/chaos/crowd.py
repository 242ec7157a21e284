"""Very many commands at the same instant, cold and warm: each ends by itself, with a true answer.

Every other round of the full attack starts each as a program of its own; the rest, and all of the small one, are forked
from one that has imported everything, which is a third of the price and closer to one instant.
"""

from __future__ import annotations

import json
import subprocess
import sys

from tests.chaos import swarm
from tests.chaos.arena import Arena
from tests.support.projects import Done

TITLE = "up, down, restart, scale at the same instant"
SMALL, FULL = 5, 200
CROWD = 100
WITHIN = 240.0

MIX = (("up",),) * 6 + (("down",), ("restart", "mqtt"), ("scale", "side=2"), ("status", "--json"))


def attack(arena: Arena, rounds: int) -> None:
    """Start all at once; when all have ended, `status` and the processes must tell the same."""
    arena.write()
    for number in arena.rounds(rounds):
        if number % 2:
            arena.run("up", codes={0})
        commands: list[tuple[str, ...]] = [("up",), *(arena.chance.choice(MIX) for _ in range(CROWD - 1))]
        if rounds > SMALL and number % 4 < 2:
            started = [(args, arena.shop.popen(*args)) for args in commands]
            for args, process in started:
                _await(arena, args, process)
        else:
            _swarm(arena, commands)
        _truth(arena)
        arena.run("up", codes={0})
        arena.expect(len(arena.consumers()) == 1, f"after up: {arena.consumers()}")
        arena.expect(len(arena.shop.managers()) == 1, f"managers: {arena.shop.managers()}")
        if number % 2:
            arena.run("down", codes={0})
            arena.expect(not arena.shop.processes(), f"left after down: {arena.shop.processes()}")


def _await(arena: Arena, args: tuple[str, ...], process: subprocess.Popen[str]) -> None:
    try:
        out, err = process.communicate(timeout=WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        arena.expect(0, f"{args} did not end within {WITHIN:.0f} s")
        return
    arena.judge(Done(args, process.returncode, out, err))


def _swarm(arena: Arena, commands: list[tuple[str, ...]]) -> None:
    done = subprocess.run(
        [sys.executable, swarm.__file__],
        input=json.dumps(commands),
        cwd=arena.shop.folder,
        env=arena.shop.environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    for args, (code, said) in zip(commands, json.loads(done.stdout), strict=True):
        arena.judge(Done(args, code, said, ""))


def _truth(arena: Arena) -> None:
    done = arena.run("status", "--json", codes={0, 3, 4})
    document = json.loads(done.out) if done.out else {}
    said = {i["pid"] for i in document.get("instances", []) if i["service"] == "mqtt" and i["pid"]}
    arena.expect(said == set(arena.consumers()), f"status says {said}, {arena.consumers()} run")
