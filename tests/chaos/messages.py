"""Messages end to end: a real mosquitto, the example's consumer under procman, a steady flow, and faults."""

from __future__ import annotations

import json
import random
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.chaos.arena import Arena
from tests.support.projects import Project
from tests.support.tiwater import EXACT, Key, Lab, Message, Publisher, Rows, mosquitto, python_lab
from tests.support.waiting import wait_until

RATE = 1000
BATCH = 50
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
FAULTS = ("kill", "kill", "kill", "stop", "restart", "supervisord", "stop and kill")


@dataclass(frozen=True, slots=True)
class Sent:
    """What was published and done, and what the database held afterwards."""

    published: int
    faults: int
    seconds: float
    rows: Rows
    wrong_values: int

    @property
    def exact(self) -> bool:
        """Whether the rows are exactly what was published."""
        return self.rows == EXACT and self.wrong_values == 0

    def __str__(self) -> str:
        """Return it in one line."""
        return (
            f"Messages, end to end: {self.published:,} published at QoS 1 in {self.seconds:.0f} s"
            f" ({self.published / self.seconds:,.0f} a second), {self.faults} faults, **{self.rows.missing} lost,"
            f" {self.rows.duplicates} duplicated**, {self.rows.unknown} unknown, {self.wrong_values} with other values."
        )


def full(seconds: float) -> Sent:
    """Publish 100,000 messages at least, for `seconds` at most beyond that, with 100 faults at least."""
    return flow(max(100_000, int(RATE * seconds * 0.6)), 100, seed=1)


def flow(count: int, faults: int, seed: int) -> Sent:
    """Publish `count` messages while `faults` are done, and compare the rows with what was published."""
    root = Path(tempfile.mkdtemp(prefix="pm", dir="/tmp"))
    (root / "p").mkdir()
    shop = Project(root / "p", root / "h")
    arena = Arena(shop, seed, time.monotonic() + 3600)
    lab = python_lab(root)
    try:
        with mosquitto(root, lab.port):
            return _flow(arena, lab, count, faults)
    finally:
        shop.end()
        shutil.rmtree(root)


def _flow(arena: Arena, lab: Lab, count: int, faults: int) -> Sent:
    _write(arena.shop, lab)
    arena.run("up", codes={0})
    published = dict(_readings(count))
    done = threading.Event()
    began = time.monotonic()
    with Publisher(lab.port) as publisher:
        thread = threading.Thread(target=_publish, args=(publisher, list(published.values()), done))
        thread.start()
        made = 0
        while made < faults or not done.is_set():
            arena.linger(max(0.05, 1.6 * count / RATE / faults - 0.4))
            _fault(arena)
            made += 1
        thread.join()
        assert publisher.confirmed() == count
    seconds = time.monotonic() - began
    arena.run("up", codes={0})
    wait_until(lambda: lab.total() >= count, 120, "every row is there", 0.2)
    wrong = sum(json.loads(published[k][1])["values"] != v for k, v in _rows(lab).items() if k in published)
    assert not arena.tally.wrong, arena.tally.wrong
    return Sent(count, made, seconds, lab.compare(published), wrong)


def _write(shop: Project, lab: Lab) -> None:
    broker = f"mqtt://127.0.0.1:{lab.port}"
    consumes = {"broker": broker, "topics": ["tiwater/+/data"], "client_id": "tiwater-consumer"}
    restart = {"max": 100, "within": "1s", "delay": "0s"}
    mqtt = shop.mqtt(command=list(lab.command), env=lab.environment(), consumes=consumes, restart=restart, memory="80M")
    shop.write({"mqtt": {**mqtt, "directory": str(lab.example)}})


def _publish(publisher: Publisher, messages: list[Message], done: threading.Event) -> None:
    began = time.monotonic()
    pause = threading.Event()  # never set
    for start in range(0, len(messages), BATCH):
        publisher.publish(messages[start : start + BATCH])
        pause.wait(max(0.0, began + start / RATE - time.monotonic()))
    done.set()


def _fault(arena: Arena) -> None:
    kind = arena.chance.choice(FAULTS)
    unit = arena.unit_pid()
    if kind == "restart":
        arena.run("restart", "mqtt", codes={0, 1, 4})
    elif kind == "supervisord" or unit is None:
        for pid in arena.shop.managers():
            arena.kill(pid)
        arena.run("up", codes={0})
    elif kind == "kill":
        arena.kill(unit)
    else:
        arena.kill(unit, signal.SIGSTOP)
        arena.linger(0.5)
        arena.kill(unit, signal.SIGKILL if kind == "stop and kill" else signal.SIGCONT)


def _readings(count: int) -> Iterator[tuple[Key, Message]]:
    noise = random.Random(count)  # noqa: S311 - made-up measurements
    for number in range(count):
        moment = f"{FIRST + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}"
        key = (moment, f"T{number % 7}", f"E{number % 3}")
        values = {"number": number, "flow": round(noise.uniform(0, 40), 2)}
        document = {"timestamp": moment, "equipo_id": key[2], "values": values}
        yield key, (f"tiwater/{key[1]}/data", json.dumps(document).encode())


def _rows(lab: Lab) -> dict[Key, object]:
    found = lab.select('SELECT timestamp, codigo_tienda, equipo_id, "values" FROM readings')
    return {(row[0], row[1], row[2]): json.loads(row[3]) for row in found}
