"""By hand, underneath procman: supervisorctl, launchers started in a shell, spec files edited and deleted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from procman.runtime import launch
from tests.chaos.arena import Arena
from tests.support.projects import supervisor
from tests.support.waiting import wait_until

TITLE = "supervisorctl, launcher by hand, spec edited or deleted"
SMALL, FULL = 8, 300
HANDS = 5


def attack(arena: Arena, rounds: int) -> None:
    """Do one thing each round that procman did not ask for."""
    arena.write()
    arena.run("up", codes={0})
    deeds = (_control, _launchers, _spec_gone, _control, _spec_edited, _launchers, _kill_and_launch)
    for number in arena.rounds(rounds):
        if arena.unit_pid() is None:
            before, since = arena.starts(), time.monotonic()
            arena.run("up", codes={0})
            arena.lives_again(since, before)
        deeds[number % len(deeds)](arena)
        arena.settled()


def _specs(arena: Arena) -> list[Path]:
    return sorted((arena.shop.state / "specs").glob("mqtt-0.*"))


def _control(arena: Arena) -> None:
    """Several supervisorctl at once."""
    tool = [*supervisor("supervisorctl"), "-c", str(arena.shop.conf)]
    words = [["start", "mqtt-0"], ["update"], ["restart", "mqtt-0"], ["stop", "mqtt-0"], ["start", "all"]]
    started = [
        subprocess.Popen([*tool, *arena.chance.choice(words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(3)
    ]
    for process in started:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:  # its `stop` waits for a state that another's `start` has taken away
            process.kill()
            process.wait()


def _launchers(arena: Arena) -> None:
    """The launcher on the same spec, several times, in several shells."""
    started = [_by_hand(arena, spec) for _ in range(HANDS) for spec in _specs(arena)[:1]]
    arena.linger(0.2)
    for process in started:
        wait_until(lambda p=process: p.poll() is not None or p.pid in arena.consumers(), 20, "it is refused")  # type: ignore[misc]
        process.kill()
        process.wait()


def _kill_and_launch(arena: Arena) -> None:
    """The consumer dies, and supervisord and hands race for the lock."""
    before, since = arena.starts(), time.monotonic()
    for pid in arena.consumers():
        arena.kill(pid)
    _launchers(arena)
    arena.run("up", codes={0})
    arena.lives_again(since, before)


def _spec_gone(arena: Arena) -> None:
    """The spec is deleted and the consumer killed: no start, and `up` writes it anew."""
    for path in _specs(arena):
        path.unlink()
    for pid in arena.consumers():
        arena.kill(pid)
    arena.linger(0.1)
    arena.run("up", codes={0, 1})


def _spec_edited(arena: Arena) -> None:
    """A spec with another instance number, another name or noise in it, started by hand beside the consumer."""
    (path, *_) = _specs(arena) or [arena.shop.conf]
    data = path.read_bytes()
    edits = (
        data.replace(b"instance\0" + b"0", b"instance\0" + b"1"),
        data.replace(b"service=mqtt", b"service=other").replace(b"service\0mqtt", b"service\0other"),
        data[: arena.chance.randrange(len(data))],
        data.replace(b"shop/+/data", b"shop/#"),
    )
    edited = arena.shop.folder / "edited.spec"
    edited.write_bytes(arena.chance.choice(edits))
    process = _by_hand(arena, edited)
    wait_until(lambda: process.poll() is not None or process.pid in arena.consumers(), 20, "it is refused")
    process.kill()
    process.wait()


def _by_hand(arena: Arena, spec: Path) -> subprocess.Popen[bytes]:
    package = getattr(arena.shop, "package", None)
    path = str(launch.__file__) if package is None else f"{package}/procman/runtime/launch.py"
    return subprocess.Popen(
        [sys.executable, "-I", "-S", path, str(spec)],
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
