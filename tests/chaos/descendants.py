"""What consumers do to escape: fork, fork twice, setsid, close all descriptors, wipe the environment, change user."""

from __future__ import annotations

import os
import time

from tests.chaos.arena import Arena
from tests.support.projects import service
from tests.support.waiting import wait_until

TITLE = "wrappers, fork, double fork, setsid, descriptors closed, environment wiped, user changed"
SMALL, FULL = 8, 300

FORMS: tuple[tuple[str, ...], ...] = (
    ("fork",),
    ("fork", "setsid"),
    ("leave", "setsid"),
    ("leave", "setsid", "leave"),
    ("close",),
    ("fork", "close"),
    ("leave", "setsid", "leave", "close"),
    ("fork", "wipe"),
    ("fork", "close", "wipe"),
    ("leave", "setsid", "leave", "wipe"),
    ("leave", "setsid", "leave", "close", "wipe"),
    ("wipe",),
    ("fork", "user"),
    ("npm",),
    ("sh",),
)


def attack(arena: Arena, rounds: int) -> None:
    """Start a consumer that escapes, kill what supervisord knows of it, and see one live again, alone."""
    forms = list(FORMS)
    arena.chance.shuffle(forms)
    for number in arena.rounds(rounds):
        form = forms[number % len(forms)]
        if "user" in form and os.geteuid() != 0:
            continue
        escape(arena, form)


def escape(arena: Arena, form: tuple[str, ...]) -> None:
    """Run a consumer that takes these steps, kill it twice, and end it."""
    command = _command(arena, form)
    arena.write({**arena.mqtt(), **command})
    before, since = arena.starts(), time.monotonic()
    arena.run("up", codes={0, 1})
    arena.lives_again(since, before)
    _die_and_return(arena)
    _die_and_return(arena)
    arena.run("down", codes={0})
    arena.expect(not arena.witnesses(), f"{form}: left after down: {arena.witnesses()}")
    for pid in arena.witnesses():
        arena.kill(pid)


def _command(arena: Arena, form: tuple[str, ...]) -> dict[str, object]:
    if form == ("npm",):
        return {"command": [*service("wrapper", "plain"), *arena.witness()]}
    if form == ("sh",):
        return {"command": " ".join([*arena.witness(), "& wait"]), "shell": True}
    return {"command": arena.witness(*form)}


def _die_and_return(arena: Arena) -> None:
    """SIGKILL to the process that supervisord has; what it left behind must not meet the next."""
    unit = arena.unit_pid()
    before, since = arena.starts(), time.monotonic()
    if unit is not None:
        arena.kill(unit)
        wait_until(lambda: arena.starts() > before or arena.units().get("mqtt-0") == "FATAL", 10, "it is started again")
        if arena.starts() > before:
            arena.lives_again(since, before)
    arena.settled()
