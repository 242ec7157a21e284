"""SIGKILL: of the consumer, its group, a grandchild, supervisord, and of commands at any moment of their work."""

from __future__ import annotations

import os
import signal
import time

from procman.runtime import procfs
from tests.chaos.arena import Arena
from tests.support.projects import Text, service
from tests.support.waiting import wait_until

TITLE = "SIGKILL of consumer, group, grandchild, supervisord, command"
SMALL, FULL = 6, 200

COMMANDS = (("up",), ("scale", "side=2"), ("scale", "side=1"), ("restart", "mqtt"), ("restart",), ("down",))
VICTIMS = ("consumer", "group", "grandchild", "supervisord", "command", "command and supervisord")


def attack(arena: Arena, rounds: int) -> None:
    """Kill one thing each round, and see a consumer live again; `up` is asked for where the manager is gone."""
    for number in arena.rounds(rounds):
        if number % len(VICTIMS) == 0:
            forms = _forms(arena)
            arena.write(forms[number // len(VICTIMS) % len(forms)])
            arena.run("up", codes={0})
        victim = VICTIMS[number % len(VICTIMS)]
        before, since = arena.starts(), time.monotonic()
        _strike(arena, victim)
        if arena.unit_pid() is None or victim.startswith("command"):
            arena.run("up", codes={0})
        if not victim.startswith("command"):
            arena.lives_again(since, before)
        arena.settled()


def _forms(arena: Arena) -> list[Text]:
    words = arena.witness()
    return [
        {**arena.mqtt(), "command": [*service("wrapper", "plain"), *words]},
        arena.mqtt(),
        {**arena.mqtt(), "command": " ".join([*words, "& wait"]), "shell": True},
        arena.mqtt("fork"),
    ]


def _strike(arena: Arena, victim: str) -> None:
    arena.linger(0.02)
    unit, consumers = arena.unit_pid(), arena.consumers()
    if victim == "consumer" and unit:
        arena.kill(unit)
    elif victim == "group" and unit:
        arena.kill(unit, group=True)
    elif victim == "grandchild" and consumers:
        arena.kill(consumers[-1])
        if unit and unit not in consumers:
            arena.kill(unit)  # a wrapper that would only wait
    elif victim == "supervisord":
        _end_managers(arena)
    else:
        _kill_command(arena)
        if victim != "command":
            _end_managers(arena)


def _end_managers(arena: Arena) -> None:
    managers = arena.shop.managers()
    for pid in managers:
        arena.kill(pid)
    wait_until(lambda: not any(procfs.identity(pid) for pid in managers), 10, "supervisord is gone")


def _kill_command(arena: Arena) -> None:
    """Start a command and kill it somewhere between its first and its last step."""
    process = arena.shop.popen(*arena.chance.choice(COMMANDS), start_new_session=True)
    arena.linger(1.6)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
        arena.tally.kills += 1
    process.communicate(timeout=10)
