"""Consumers without a supervisor on a real broker and database: killed, scaled, and what became of the messages."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

from tests.support.member_facts import member, tell_to_leave
from tests.support.tiwater import Key, Lab, Message, Publisher, Rows, Service, mosquitto, readings
from tests.support.waiting import wait_until
from tests.support.wire import Wire

SERVICES = Path(__file__).parents[1] / "support" / "services"
PLAIN_PYTHON = (sys.executable, str(SERVICES / "plain.py"))
PLAIN_NODE = ("node", str(SERVICES / "plain.js"))
REFERENCE: Sequence[tuple[str, ...]] = ((),)  # one, as the lab has it
CHUNK = 50
LONGER = 4  # times as many messages as were asked for, at most, while an attack goes on
SOON_SECONDS = 0.5  # nothing is missing, and what is written twice has come by then
SETTLED_SECONDS = 5.0  # nothing more comes: what is missing is lost
PATIENCE = 60.0  # the same where nothing may be missing, on a machine that is busy
AT_WORK = 0.7  # the share of kills that wait for a consumer to have its subscription
AIMED = 0.4  # the share of kills between a commit and its acknowledgement, which random ones seldom hit
AIMING_SECONDS = 5.0  # in which something is committed, or the kill is not aimed

Start = Callable[[str], Service]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was published and done, and what the database held afterwards."""

    published: int
    kills: int
    aimed: int
    seconds: float
    rows: Rows

    @property
    def exact(self) -> bool:
        """Whether every message is exactly one row."""
        return self.rows == Rows(missing=0, unknown=0, duplicates=0)

    def __str__(self) -> str:
        """Return it in one line."""
        return (
            f"{self.published:,} published, {self.kills} kills ({self.aimed} aimed), {self.seconds:.0f} s:"
            f" {self.rows.duplicates:,} duplicates, {self.rows.missing:,} lost"
        )


@dataclass(slots=True)
class Crew:
    """Consumers by number, on one wire to the broker; those in `alive` run now."""

    starts: dict[int, Start]
    chance: random.Random
    lab: Lab
    wire: Wire
    alive: dict[int, Service] = field(default_factory=dict)
    kills: int = 0
    aimed: int = 0
    _started: int = 0

    def start(self, *numbers: int) -> None:
        """Start these, and wait until each has its subscription."""
        for number in numbers:
            self._start(number)
        for number in numbers:
            self.alive[number].wait_for("subscribed", timeout=60)

    def kill(self, down: float) -> None:
        """SIGKILL one of those that run, and start it again `down` seconds later."""
        number = self.chance.choice(sorted(self.alive))
        aimed = self.chance.random() < AIMED
        if aimed or self.chance.random() < AT_WORK:
            self.alive[number].wait_for("subscribed", timeout=60)
        _pause(self.chance.uniform(0, 0.3))
        if aimed:
            self._hold_an_acknowledgement()
        self.alive[number].kill()
        if aimed:
            self.wire.cut()
        self.kills += 1
        _pause(down)
        self._start(number)

    def leave(self, number: int) -> None:
        """Let one leave for good; when it was not done it is started and asked again, as its exit code says."""
        tell_to_leave(self.lab, number)
        for _ in range(5):
            service = self.alive[number]
            if service.stop(60) == 0:
                del self.alive[number]
                return
            self.start(number)
        raise AssertionError(f"member {number} could not leave:\n{service.log()[-2000:]}")

    def _hold_an_acknowledgement(self) -> None:
        """Let nothing pass to the broker from now on, and wait for a commit: its acknowledgement is on the wire."""
        self.wire.hold()
        before = self.lab.total()
        try:
            wait_until(lambda: self.lab.total() > before, AIMING_SECONDS, "something is committed", 0.002)
        except AssertionError:  # a backlog of nothing: the kill is one of the others
            return
        self.aimed += 1

    def end(self) -> None:
        """Kill what runs."""
        for service in self.alive.values():
            service.kill()

    def _start(self, number: int) -> None:
        self._started += 1
        self.alive[number] = self.starts[number](f"consumer-{number}-{self._started}.log")


def attacked(
    lab: Lab,
    count: int,
    kills: int,
    seed: int,
    *,
    commands: Sequence[tuple[str, ...]] = REFERENCE,
    each: int = 1,
    **more: str,
) -> Outcome:
    """Publish at 1,000 a second, `count` messages at least, while consumers, each with its own id, are killed.

    `each`: the rows that are waited for, for each message.
    """
    with Wire(lab.port) as wire:
        wired = replace(lab, port=wire.port)
        starts: dict[int, Start] = {
            number: partial(wired.consumer, command, **{"MQTT_CLIENT_ID": f"consumer-{number}", **more})
            for number, command in enumerate(commands)
        }
        settled = PATIENCE if commands == REFERENCE else SETTLED_SECONDS
        return _fight(Crew(starts, _chance(seed), lab, wire), count, _killing(kills, count), settled, each=each)


def shared(lab: Lab, count: int, kills: int, seed: int) -> Outcome:
    """The same with a shared subscription that is scaled from one member to three and back, under the same kills."""

    def scaling(crew: Crew, sent: Sent) -> None:
        _kill_until(crew, sent, count // 5, kills // 5)
        crew.start(1, 2)
        _kill_until(crew, sent, count * 4 // 5, kills * 4 // 5)
        crew.leave(2)
        crew.leave(1)
        _kill_until(crew, sent, count, kills)

    with Wire(lab.port) as wire:
        wired = replace(lab, port=wire.port)
        starts: dict[int, Start] = {number: partial(member, wired, number) for number in range(3)}
        return _fight(Crew(starts, _chance(seed), lab, wire), count, scaling, PATIENCE, first=(0,))


@dataclass(slots=True)
class Sent:
    """How many messages were handed to the publisher so far, and whether the attack is over."""

    total: int = 0
    enough: bool = False

    def reached(self, total: int) -> bool:
        """Whether it is so many."""
        return self.total >= total


def _fight(
    crew: Crew,
    count: int,
    attack: Callable[[Crew, Sent], None],
    settled: float,
    *,
    first: Sequence[int] = (),
    each: int = 1,
) -> Outcome:
    lab, prepared = crew.lab, readings(count * LONGER)
    began, sent = time.monotonic(), Sent()
    with ExitStack() as stack:
        stack.enter_context(mosquitto(lab.folder, lab.port))
        stack.callback(crew.end)
        crew.start(*(first or crew.starts))
        publisher = stack.enter_context(Publisher(lab.port))
        thread = threading.Thread(target=_publish, args=(publisher, list(prepared.values()), count, sent))
        thread.start()
        stack.callback(thread.join)
        stack.callback(setattr, sent, "enough", True)
        attack(crew, sent)
        sent.enough = True
        thread.join()
        assert publisher.confirmed() == sent.total
        rows = _settled(lab, set(islice(prepared, sent.total)), settled, sent.total * each)
    return Outcome(sent.total, crew.kills, crew.aimed, time.monotonic() - began, rows)


def _killing(kills: int, count: int) -> Callable[[Crew, Sent], None]:
    return lambda crew, sent: _kill_until(crew, sent, count, kills)


def _kill_until(crew: Crew, sent: Sent, total: int, kills: int) -> None:
    """Kill so often that, when `total` is sent, `kills` were made in all, at random moments."""
    while crew.kills < kills:
        step = max(1, total - sent.total) / (kills - crew.kills)
        wanted = min(total, sent.total + int(step * crew.chance.uniform(0.5, 1.2)))
        wait_until(partial(sent.reached, wanted), 120, "more is published")
        crew.kill(down=crew.chance.uniform(0, 0.3))
    wait_until(partial(sent.reached, total), 300, "everything is published")


def _settled(lab: Lab, wanted: set[Key], quiet: float, rows: int) -> Rows:
    """Hold the rows against what was published: soon when none of `rows` is missing, else when nothing more comes.

    Doubled rows make up for missing ones in a count, so each is looked for.
    """
    last, at = -1, time.monotonic()
    while True:
        found = lab.total()
        if found != last:
            last, at = found, time.monotonic()
        elif time.monotonic() > at + quiet or (
            found >= rows and time.monotonic() > at + SOON_SECONDS and lab.compare(wanted).missing == 0
        ):
            return lab.compare(wanted)
        _pause(0.1)


def _publish(publisher: Publisher, messages: list[Message], count: int, sent: Sent, rate: float = 1000) -> None:
    """Publish `count` messages, and more until the attack is over: no kill shall meet a consumer without work."""
    began = time.monotonic()
    for start in range(0, len(messages), CHUNK):
        if sent.enough and start >= count:
            break
        publisher.publish(messages[start : start + CHUNK])
        sent.total = start + CHUNK
        _pause(max(0.0, began + (start + CHUNK) / rate - time.monotonic()))


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)  # never set


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - seeded moments, not secrets
