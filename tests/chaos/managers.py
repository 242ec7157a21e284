"""Second supervisords: on the same file, a copy of it, from another state, checkout, name and user.

Each has the consumer in its own file and starts it whenever it can; who has it is killed, again and again. The other
user has a procman of its own, and nothing of root's.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from pathlib import Path

from procman.adapters.supervisor_rpc import Client, Fault
from procman.core.errors import ProcmanError
from tests.chaos.arena import Arena
from tests.support.another_user import AnotherUser, another_user
from tests.support.projects import Project, Text, supervisor
from tests.support.waiting import wait_until

TITLE = "second supervisord: same file, copy, other state, checkout, name, user"
SMALL, FULL = 6, 400


def attack(arena: Arena, rounds: int) -> None:
    """Let all of them want the consumer at once; kill the one that has it."""
    arena.write()
    arena.run("up", codes={0})
    user, theirs = _of_another_user(arena)
    confs = [arena.shop.conf, *_others(arena), *theirs]
    running: dict[Path, subprocess.Popen[bytes]] = {}
    try:
        for number in arena.rounds(rounds):
            for conf in confs:
                if conf not in running or running[conf].poll() is not None:
                    running[conf] = _supervisord(arena, conf, user if conf in theirs else None)
            _want(confs)
            before, since = arena.starts(), time.monotonic()
            _strike(arena, running, number)
            if arena.unit_pid() is None:
                arena.run("up", codes={0, 75})
            wait_until(lambda: _wanted(arena, confs), 20, "one of them gets it", 0.05)
            if arena.starts() > before:
                arena.lives_again(since, before)
            arena.settled()
    finally:
        for process in running.values():
            process.terminate()
            process.wait(20)


def _others(arena: Arena) -> list[Path]:
    """The files of others that consume the same: a copy, another state, another name with an overlapping filter."""
    shop = arena.shop
    folder = shop.folder / "copy"
    (folder / "logs").mkdir(parents=True)
    text = shop.conf.read_text(encoding="utf-8")
    for option in ("logfile", "pidfile", "file"):
        text = re.sub(rf"(?m)^({option} = ){re.escape(str(shop.state))}", rf"\g<1>{folder}", text)
    (folder / "supervisord.conf").write_text(text, encoding="utf-8")
    found = [folder / "supervisord.conf"]
    for name, topic in ((shop.name, "shop/+/data"), ("bakery", "shop/#"), ("mill", "$share/g/shop/kitchen/data")):
        other = _beside(arena, name, topic)
        to = other.folder / "r"
        done = shop.run("render", "--file", str(other.file), "--to", str(to))
        arena.expect(done.code == 0, done.said[-300:])
        found.append(to / "supervisord.conf")
    return found


def _beside(arena: Arena, name: str, topic: str, *, python: str | None = None) -> Project:
    """Another project that consumes the same, by the broker's other door; its witness runs on `python`."""
    other = arena.shop.beside(name)
    consumes: Text = {
        "broker": f"mqtts://{arena.shop.scope.upper().partition(':')[0]}",
        "topics": [topic],
        "client_id": name,
    }
    mqtt = arena.mqtt(consumes=consumes)
    other.write({"mqtt": {**mqtt, "command": [python, *mqtt["command"][1:]]} if python else mqtt})
    return other


def _of_another_user(arena: Arena) -> tuple[AnotherUser | None, list[Path]]:
    """Return who that is, and the file that its own procman has rendered; neither without root."""
    user = another_user(arena.folder.parent.parent / "site", getattr(arena.shop, "package", None))
    if user is None:
        return None, []
    other = _beside(arena, "kiosk", "+/+/data", python=user.python)
    user.own(other.folder)
    to = other.folder / "r"
    done = user.run(other, "render", "--to", str(to))
    arena.expect(done.code == 0, done.said[-300:])
    return user, [to / "supervisord.conf"]


def _supervisord(arena: Arena, conf: Path, user: AnotherUser | None) -> subprocess.Popen[bytes]:
    command = [*supervisor("supervisord"), "-c", str(conf)]
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [user.python, *command[1:]] if user else command,
        env=user.variables(arena.shop) if user else arena.shop.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        **(user.options if user else {}),
    )


def _want(confs: list[Path]) -> None:
    """Ask each for its consumer, as `supervisorctl start` does."""
    for conf in confs:
        with contextlib.suppress(ProcmanError, Fault, OSError):
            Client(str(conf.parent / "sock")).start("mqtt-0")


def _wanted(arena: Arena, confs: list[Path]) -> bool:
    if not arena.consumers():
        _want(confs)
    return bool(arena.consumers())


def _strike(arena: Arena, running: dict[Path, subprocess.Popen[bytes]], number: int) -> None:
    arena.linger(0.3)
    if number % 3 == 0:
        process = arena.chance.choice(list(running.values()))
        arena.kill(process.pid)
        process.wait(10)
    elif number % 3 == 1:
        for pid in arena.shop.managers():
            arena.kill(pid)
    else:
        for pid in arena.consumers():
            arena.kill(pid)
