"""`procman scale mqtt=3`, then `=1`, again and again under a flow of messages, while what takes part is killed.

Killed are members, supervisord, and the command itself in the middle of its work. What an operator then does is done:
`procman up` when the manager is gone, the same command again when it was not finished.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.support.members import Shop
from tests.support.projects import Text
from tests.support.tiwater import EXACT, Key, Publisher, Rows, readings
from tests.support.waiting import wait_until

RATE, CHUNK = 1000, 50
MEMBERS = 3
PATIENCE = 120.0
DONE, ANY = {0}, {0, 1, 4, 75, -signal.SIGKILL}
FAULTS = ("member", "supervisord", "command", "members")
"""What is killed in the course of one command: one member, the manager, the command, two members one after another."""


@dataclass(slots=True)
class Scaled:
    """What was done, and what the database held afterwards. `left`: sessions that nobody comes back for."""

    published: int = 0
    commands: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    rows: Rows = EXACT
    left: int = 0

    @property
    def exact(self) -> bool:
        """Whether every message is exactly one row and no session is left."""
        return self.rows == EXACT and self.left == 0

    def __str__(self) -> str:
        """Return it in one line."""
        killed = ", ".join(f"{count} of {what}" for what, count in sorted(self.kills.items()))
        return (
            f"{self.published:,} published in {self.seconds:.0f} s, {self.commands} scale commands, killed: {killed}:"
            f" {self.rows.duplicates:,} duplicates, {self.rows.missing:,} lost, {self.left} sessions left"
        )


class Scaling:
    """One attack. `shop` has its broker; nothing of it runs yet."""

    def __init__(self, shop: Shop, seed: int, faults: tuple[str, ...] = FAULTS) -> None:
        self._shop, self._project = shop, shop.project
        self._chance = random.Random(seed)  # noqa: S311 - seeded moments, not secrets
        self._faults = faults
        self._pause = threading.Event()  # never set
        self._over = threading.Event()
        self.done = Scaled()

    def run(self, rounds: int) -> Scaled:
        """Scale to three and back `rounds` times while 1,000 messages a second come; a fault in each command."""
        self._shop.begin(change=_tireless)
        began = time.monotonic()
        with ExitStack() as stack:
            publisher = stack.enter_context(Publisher(self._shop.lab.port))
            thread = threading.Thread(target=self._publish, args=(publisher,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(self._over.set)
            for fault, count in self._plan(rounds):
                self._scale(count, fault)
            self._over.set()
            thread.join()
            assert publisher.confirmed() == self.done.published
        self._finish(set(readings(self.done.published)))
        self.done.seconds = time.monotonic() - began
        return self.done

    def _plan(self, rounds: int) -> Iterator[tuple[str, int]]:
        """Yield each command with its fault: growing and shrinking meet each of them equally often."""
        for number in range(rounds):
            yield self._faults[number % len(self._faults)], 3
            yield self._faults[(number + number // len(self._faults) + 1) % len(self._faults)], 1

    def _scale(self, count: int, fault: str) -> None:
        nowhere = subprocess.DEVNULL
        with self._project.popen("scale", f"mqtt={count}", stdout=nowhere, stderr=nowhere) as command:
            self._linger(0.2, 3.0)
            self._kill(fault, command.pid)
            wait_until(lambda: command.poll() is not None, PATIENCE, "the command has ended")
        assert command.returncode in ANY, f"scale mqtt={count} ended with {command.returncode}"
        self.done.commands += 1
        if not self._project.managers():
            self._must("up", "--keep-scale")
        self._must("scale", f"mqtt={count}")
        self._linger(0.1, 0.5)

    def _kill(self, fault: str, command: int) -> None:
        if fault == "command":
            self._end(fault, command)
        elif fault == "supervisord":
            for pid in self._project.managers():
                self._end(fault, pid)
        else:
            for _ in range(2 if fault == "members" else 1):
                with contextlib.suppress(OSError, AssertionError):
                    running = self._project.pids()
                    if running:
                        self._end("member", running[self._chance.choice(sorted(running))])
                self._linger(0.05, 0.4)

    def _end(self, what: str, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.done.kills[what] = self.done.kills.get(what, 0) + 1

    def _must(self, *words: str) -> None:
        """Do what an operator does then, until it is done: a member that has just been killed may need a second try."""
        for _ in range(4):
            done = self._project.run(*words, timeout=PATIENCE)
            if done.code == 0:
                return
            if done.code == 4:
                self._project.run("up", "--keep-scale", timeout=PATIENCE)
        raise AssertionError(f"{words}: {done.code}\n{done.said}")

    def _finish(self, wanted: set[Key]) -> None:
        """One member is left: wait until everything is stored and nobody's session waits, and tell what is not so."""
        self._must("scale", "mqtt=1")
        lab = self._shop.lab
        with contextlib.suppress(AssertionError):
            wait_until(lambda: lab.total() >= len(wanted) and lab.compare(wanted) == EXACT, PATIENCE, "all rows", 0.2)
        self.done.rows = lab.compare(wanted)
        self.done.left = sum(self._shop.keeps(number) for number in range(1, MEMBERS))

    def _publish(self, publisher: Publisher) -> None:
        began = time.monotonic()
        while not self._over.is_set():
            start = self.done.published
            publisher.publish(readings(CHUNK, start).values())
            self.done.published = start + CHUNK
            self._pause.wait(max(0.0, began + (start + CHUNK) / RATE - time.monotonic()))

    def _linger(self, least: float, most: float) -> None:
        self._pause.wait(self._chance.uniform(least, most))


def _tireless(service: Text) -> Text:
    """Return the service, started again at once however often it is killed."""
    return {**service, "restart": {"max": 100, "within": "1s", "delay": "0s"}, "memory": "90M"}
