"""Where an attack takes place: a real project whose consumer bears witness, the faults done to it, and what was seen.

The same attack runs against a copy of procman without its locks and without clearing survivors: the negative control,
which must report overlaps, or the witness is blind.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import procman
from procman.adapters.supervisor_rpc import Client, Fault
from procman.core.errors import ProcmanError
from procman.runtime import procfs
from tests.support.projects import SERVICES, Done, Project, Text, service
from tests.support.waiting import wait_until

PATIENCE = 30.0
MOST_WRONG = 5
DETECTOR = 200
"""The descriptor of the detector in tests/support/services/witness.py."""
DOCUMENTED = {"up": {0, 1, 75}, "down": {0}, "status": {0, 3, 4}}
OPERATION = {0, 1, 4, 75}
"""Exit codes of the commands that change what runs; wrong use (2) would be a fault of the attack."""

LOCK_STEPS = (
    ("runtime/chain.py", "locks.acquire(wanted, me, above=becoming.LISTENING + sockets)", "[]"),
    ("runtime/chain.py", "ended = [] if clear else survivors.clear(me)", "ended = []"),
    ("runtime/chain.py", "_end_orphans(launch, store, pid)\n        _make", "pass\n        _make"),
    ("runtime/plugin.py", "self.adopts = parent.adopt_orphans()", "self.adopts = False"),
    ("runtime/claim.py", "fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)", "pass"),
    ("adapters/state.py", "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)", "pass"),
    ("adapters/survivors.py", "while found := orphans(folder):", "while found := list[int]():"),
    ("workflow/preflight.py", "held = locks.held_elsewhere(spec, manager)", "held = None"),
)


class Bare(Project):
    """A project whose commands, supervisord and launcher come from another copy of procman."""

    __slots__ = ("package",)
    package: Path | None

    def environment(self, **changes: str) -> dict[str, str]:
        """What a command is run with."""
        found = getattr(self, "package", None)
        return Project.environment(self, **({"PYTHONPATH": str(found)} if found else {}), **changes)


@dataclass(slots=True)
class Tally:
    """What an attack came to. `seconds`: from each fault to a live consumer; `wrong`: promises that were broken."""

    rounds: int = 0
    kills: int = 0
    acquisitions: int = 0
    overlaps: int = 0
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def median(self) -> float | None:
        """The median time to a live consumer."""
        return median(self.seconds) if self.seconds else None


class Arena:
    """One attack on one project. Chance is seeded; `deadline` ends the rounds early, by `time.monotonic`."""

    def __init__(self, shop: Project, seed: int, deadline: float) -> None:
        self.shop = shop
        self.chance = random.Random(seed)  # noqa: S311 - a seeded attack, no secret
        self.tally = Tally()
        self.folder = shop.folder / "w"
        self.folder.mkdir()
        self._deadline = deadline
        self._pause = threading.Event()  # never set
        for name in ("detector", "log"):
            (self.folder / name).touch(0o666)
            (self.folder / name).chmod(0o666)

    def mqtt(self, *steps: str, **changes: object) -> Text:
        """The consumer as the manifest has it, restarted at once however often it dies."""
        restart = {"max": 100, "within": "1s", "delay": "0s"}
        return self.shop.mqtt(command=self.witness(*steps), **{"env": {}, "restart": restart, **changes})

    def witness(self, *steps: str) -> list[str]:
        """The command of the consumer."""
        return service("witness", str(self.folder), *steps)

    def write(self, mqtt: Text | None = None, **others: Text) -> None:
        """Write the manifest: the consumer, a scalable service beside it, and `others`."""
        side: Text = {"kind": "scalable", "command": ["/bin/sleep", "100000"], "instances": 1, "memory": "5M"}
        self.shop.write({"side": side, "mqtt": mqtt or self.mqtt(), **others})

    def rounds(self, count: int) -> Iterator[int]:
        """Count the rounds, as far as there is time."""
        for number in range(count):
            if time.monotonic() > self._deadline or len(self.tally.wrong) > MOST_WRONG:
                return
            self.tally.rounds += 1
            yield number

    def records(self) -> list[list[str]]:
        """What witnesses wrote: word, pid, nanoseconds."""
        return [line.split() for line in (self.folder / "log").read_text(encoding="ascii").splitlines()]

    def starts(self) -> int:
        """How many consumers have started."""
        return sum(record[0] != "end" for record in self.records())

    def consumers(self) -> list[int]:
        """Every process that consumes now: the witnesses with their detector open."""
        return [pid for pid in self.witnesses() if os.path.lexists(f"/proc/{pid}/fd/{DETECTOR}")]

    def witnesses(self) -> list[int]:
        """Every process that runs the witness of this arena, whatever it has done to its environment."""
        mark = [str(SERVICES / "witness.py").encode(), str(self.folder).encode()]
        return [p for p in procfs.pids() if procfs.identity(p) and mark == _words(p)[3:5]]

    def expect(self, fact: object, words: str) -> None:
        """Note a broken promise."""
        if not fact:
            self.tally.wrong.append(f"round {self.tally.rounds}: {words}")

    def run(self, *args: str, codes: set[int] | None = None) -> Done:
        """Run a command, which ends by itself with one of its documented codes and without a traceback."""
        try:
            done = self.shop.run(*args, timeout=90)
        except subprocess.TimeoutExpired:
            done = Done(args, -1, "", "did not end within 90 s")
        self.judge(done, codes)
        return done

    def judge(self, done: Done, codes: set[int] | None = None) -> None:
        """Hold the end of a command against its promise."""
        allowed = codes or DOCUMENTED.get(done.args[0], OPERATION)
        self.expect(done.code in allowed, f"{' '.join(done.args)} ended with {done.code}: {done.said[-300:]}")
        self.expect("Traceback" not in done.said and "internal error" not in done.said, done.said[-300:])

    def kill(self, pid: int, number: int = signal.SIGKILL, *, group: bool = False) -> None:
        """Send a signal, or do nothing when there is nobody any more."""
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(pid, number)
            self.tally.kills += number == signal.SIGKILL

    def linger(self, longest: float) -> None:
        """Let a random time pass: the moment of a fault is a matter of chance, no condition."""
        self._pause.wait(self.chance.uniform(0, longest))

    def lives_again(self, since: float, before: int, *, patience: float = PATIENCE) -> None:
        """Wait for a consumer that started after `since`, when `before` had, and note how long it took."""
        try:
            wait_until(lambda: self.starts() > before, patience, "a consumer lives again", 0.002)
        except AssertionError:
            self.expect(0, f"no consumer within {patience:.0f} s; runs: {self.units()}")
            return
        started = [int(r[2]) / 1e9 for r in self.records() if r[0] != "end"][before]
        self.tally.seconds.append(max(0.0, started - since))

    def settled(self) -> None:
        """Wait until as many consumers run as the manager has, and no more than one."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: len(self.consumers()) <= 1, 10, "one consumer at most")
            return
        self.expect(0, f"consumers beside each other: {self.consumers()}")

    def client(self) -> Client:
        """A door to supervisord."""
        return self.shop.client()

    def units(self) -> dict[str, str]:
        """What supervisord says of each instance."""
        with contextlib.suppress(ProcmanError, Fault, OSError):
            return {u.unit: u.statename for u in self.client().status().units}
        return {}

    def unit_pid(self) -> int | None:
        """The pid that supervisord has for the consumer."""
        with contextlib.suppress(ProcmanError, Fault, OSError):
            return self.shop.pids().get("mqtt-0")
        return None

    def finish(self) -> Tally:
        """Count what the witnesses saw."""
        words = [record[0] for record in self.records()]
        self.tally.acquisitions = words.count("alone")
        self.tally.overlaps = words.count("OVERLAP")
        return self.tally


def fight(attack: Callable[[Arena, int], None], rounds: int, seed: int, *, locked: bool, seconds: float) -> Tally:
    """Run an attack on a project of its own, end everything, and return what it came to."""
    root = Path(tempfile.mkdtemp(prefix="pm", dir="/tmp"))
    (root / "p").mkdir()
    for folder in (root, root / "p"):
        folder.chmod(0o755)  # a consumer that has changed its user bears witness too
    shop = Bare(root / "p", root / "h")
    shop.package = None if locked else without_lock(root / "bare")
    arena = Arena(shop, seed, time.monotonic() + seconds)
    try:
        _try(attack, arena, rounds)
        return arena.finish()
    finally:
        _end(arena)
        shutil.rmtree(root)


def _try(attack: Callable[[Arena, int], None], arena: Arena, rounds: int) -> None:
    try:
        attack(arena, rounds)
    except AssertionError as error:  # a condition that never came true
        arena.expect(0, str(error))


def without_lock(folder: Path) -> Path:
    """Copy procman with its lock, and the clearing of survivors, taken out; the path to import it from."""
    source = Path(procman.__file__).parent
    shutil.copytree(source, folder / "procman", ignore=shutil.ignore_patterns("__pycache__"))
    templates = source.parent / "templates"
    if templates.is_dir():
        shutil.copytree(templates, folder / "templates")
    for name, step, instead in LOCK_STEPS:
        path = folder / "procman" / name
        text = path.read_text(encoding="utf-8")
        assert text.count(step) == 1, f"{name} has no step '{step}' to take out"
        path.write_text(text.replace(step, instead), encoding="utf-8")
    return folder


def _end(arena: Arena) -> None:
    arena.shop.end()
    for pid in arena.witnesses():
        arena.kill(pid)
    wait_until(lambda: not arena.witnesses() and not arena.shop.processes(), 10, "all of the attack ended")


def _words(pid: int) -> list[bytes]:
    return (procfs.read(f"/proc/{pid}/cmdline") or b"").split(b"\0")
