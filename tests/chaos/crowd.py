"""Very many commands at the same instant, cold and warm: each ends by itself, with a true answer."""

from __future__ import annotations

import json
import subprocess

from tests.chaos.arena import Arena
from tests.support.projects import Done

TITLE = "up, down, restart, scale at the same instant"
SMALL, FULL = 2, 200
FEW, MANY = 8, 100
WITHIN = 240.0

MIX = (("up",),) * 6 + (("down",), ("restart", "mqtt"), ("scale", "side=2"), ("status", "--json"))


def attack(arena: Arena, rounds: int) -> None:
    """Start all at once; when all have ended, `status` and the processes must tell the same."""
    arena.write()
    crowd = FEW if rounds <= SMALL else MANY
    for number in arena.rounds(rounds):
        if number % 2:
            arena.run("up", codes={0})
        commands = [("up",), *(arena.chance.choice(MIX) for _ in range(crowd - 1))]
        started = [(args, arena.shop.popen(*args)) for args in commands]
        for args, process in started:
            _await(arena, args, process)
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


def _truth(arena: Arena) -> None:
    done = arena.run("status", "--json", codes={0, 3, 4})
    document = json.loads(done.out) if done.out else {}
    said = {i["pid"] for i in document.get("instances", []) if i["service"] == "mqtt" and i["pid"]}
    arena.expect(said == set(arena.consumers()), f"status says {said}, {arena.consumers()} run")
