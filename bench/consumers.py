"""Consumers: what each guard is worth under kills, what the reference consumers lose (nothing), and how fast they are.

`python bench/run.py consumer-kills consumer-guards consumer-speed` takes about 30 minutes; the figures stand in
docs/consumers.md.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peers import ROOT

sys.path.insert(0, str(ROOT))
from tests.chaos.consumers import PLAIN_NODE, PLAIN_PYTHON, Outcome, attacked, shared
from tests.chaos.keyless import KEYLESS
from tests.chaos.scaling import Scaling
from tests.support.member_facts import member
from tests.support.members import Shop
from tests.support.postgresql import Postgresql, postgresql
from tests.support.projects import project
from tests.support.rows import PostgresqlRows
from tests.support.tiwater import (
    EXACT,
    Key,
    Lab,
    Message,
    Publisher,
    Rows,
    free_port,
    mosquitto,
    node_lab,
    python_lab,
    readings,
)
from tests.support.waiting import wait_until

MESSAGES, KILLS, SEEDS = 20_000, 30, (1, 2, 3)
ALONE, ALONE_KILLS = 10_000, 15
CYCLES = 4
BACKLOG, ROUNDS, GOAL = 20_000, 5, 0.8
FLUSHED = 2_000
MAKERS = {"python": python_lab, "node": node_lab}
GROUP = {"MQTT_TOPIC": "$share/tiwater/tiwater/+/data"}
ONE_ID = {"MQTT_CLIENT_ID": "one"}
ONE, TWO = (PLAIN_PYTHON,), (PLAIN_PYTHON, PLAIN_PYTHON)
BRIEF = "batch brief"

DOUBLES, LOSES, EXACT_ROWS = "doubles", "loses", "is exact"

# What each guard is worth alone: consumers, kills, guards, settings, and what must be seen of it. A row that does not
# show what it is there to show fails the bench: it says nothing about the rows that are exact.
ALONE_CASES: dict[str, tuple[tuple[tuple[str, ...], ...], int, str, dict[str, str], str]] = {
    "2 plain consumers, two client ids": (TWO, 0, "quick", {}, DOUBLES),
    "2 plain consumers, one client id, persistent": (TWO, 0, "quick session", ONE_ID, DOUBLES),
    "2 plain consumers, one client id, clean": (TWO, 0, "quick", ONE_ID, LOSES),
    "shared subscription, 2 members, clean": (TWO, ALONE_KILLS, "quick ack", GROUP, LOSES),
    "shared subscription, 2 members, persistent, no key": (TWO, ALONE_KILLS, f"session ack {BRIEF}", GROUP, DOUBLES),
    "1 consumer, clean session": (ONE, ALONE_KILLS, "quick key ack", {}, LOSES),
    "1, persistent, acknowledged on receipt, batch in memory": (
        ONE,
        ALONE_KILLS,
        "quick session key batch",
        {},
        LOSES,
    ),
    "1, persistent, acknowledged after commit, no key": (ONE, ALONE_KILLS, f"session ack {BRIEF}", {}, DOUBLES),
    "1, persistent, acknowledged after commit, unique key": (
        ONE,
        ALONE_KILLS,
        f"session ack key {BRIEF}",
        {},
        EXACT_ROWS,
    ),
}


def kills() -> None:
    """Print what the reference consumers lost and doubled; RuntimeError when it was anything."""
    silent = list(_controls())
    if silent:
        raise RuntimeError(f"doubled nothing, so exact rows would prove nothing: {', '.join(silent)}")
    with postgresql(durable=True) as server:
        bad = [name for name, outcome in _proofs(server) if not outcome.exact]
    if bad:
        raise RuntimeError(f"not exact: {', '.join(bad)}")


def scale() -> None:
    """Print what was lost and doubled while procman scaled under kills; RuntimeError when it was anything."""
    print(f"\nprocman scale mqtt=3, then =1, {CYCLES} times, 1,000 messages a second, a kill in each command:")
    bad = []
    with postgresql(durable=True) as server:
        for seed in SEEDS:
            for language, make in MAKERS.items():
                for database in ("sqlite", "postgresql"):
                    name = f"{language}, {database}, seed {seed}"
                    with _lab(make, server if database == "postgresql" else None) as lab, project() as shop:
                        port = free_port()
                        with mosquitto(shop.folder, port, "allow_anonymous true\nsys_interval 1"):
                            done = Scaling(Shop(shop, port, lab), seed).run(CYCLES)
                    print(f"  {name}: {done}", flush=True)
                    bad += [] if done.exact else [name]
    if bad:
        raise RuntimeError(f"not exact: {', '.join(bad)}")


def speed() -> None:
    """Print rows a second beside a plain consumer."""
    with postgresql(durable=True) as server:
        _speed(server)


def guards() -> None:
    """Print what each guard alone lost and doubled; RuntimeError when a row does not show what it is there for."""
    print(f"\n{ALONE:,} messages and more at 1,000 a second, each guard alone (Python, SQLite):")
    silent = []
    for name, (commands, killed, words, more, wanted) in ALONE_CASES.items():
        for seed in SEEDS:  # what shows by chance may need a second look
            with _lab(python_lab, None) as lab:
                outcome = attacked(lab, ALONE, killed, seed, commands=commands, GUARDS=words, **more)
            unseen = _judged(name, str(outcome), outcome.rows, wanted)
            if not unseen or wanted == EXACT_ROWS:
                break
        silent += unseen
    for name, measure in (("queue of 1,000 at the broker, away", _away), ("member stopped for good", _stranded)):
        with _lab(python_lab, None) as lab:
            rows = measure(lab)
        silent += _judged(name, f"{rows.duplicates:,} duplicates, {rows.missing:,} lost", rows, LOSES)
    if silent:
        raise RuntimeError(f"did not show what they are there to show: {', '.join(silent)}")


def _judged(name: str, said: str, rows: Rows, wanted: str) -> list[str]:
    seen = {DOUBLES: rows.duplicates > 0, LOSES: rows.missing > 0, EXACT_ROWS: rows == EXACT}[wanted]
    print(f"  {name}: {said} ({wanted}{'' if seen else ': NOT SEEN'})", flush=True)
    return [] if seen else [name]


def _away(lab: Lab) -> Rows:
    """The reference consumer stopped while 6,000 messages come, with as many kept as mosquitto does by itself."""
    published = readings(6_000)
    few = "allow_anonymous true\nmax_queued_messages 1000"
    with mosquitto(lab.folder, lab.port, few), Publisher(lab.port) as publisher:
        with lab.consumer() as consumer:
            consumer.wait_for("subscribed")
            consumer.stop()
        publisher.publish(published.values())
        publisher.confirmed()
        return _quiet(lab, published)


def _stranded(lab: Lab) -> Rows:
    """Two members with sessions, of which one is killed and never comes back."""
    published = readings(6_000)
    messages = list(published.values())
    with mosquitto(lab.folder, lab.port), Publisher(lab.port) as publisher, member(lab, 0) as first:
        with member(lab, 1) as second:
            for each in (first, second):
                each.wait_for("subscribed")
            publisher.publish(messages[:3_000])
            publisher.confirmed()
            second.kill()
        publisher.publish(messages[3_000:])
        publisher.confirmed()
        return _settled(lab, published)


def _quiet(lab: Lab, published: dict[Key, Message]) -> Rows:
    with lab.consumer(log="again.log") as consumer:
        consumer.wait_for("subscribed")
        return _settled(lab, published)


def _settled(lab: Lab, published: dict[Key, Message]) -> Rows:
    """Hold the rows against what was published, when no more came for three seconds."""
    last = -1
    while (found := lab.total()) != last:
        last = found
        time.sleep(3)
    return lab.compare(published)


def _controls() -> Iterator[str]:
    """Yield the name of each reference consumer that the attack does not double once its key is taken away."""
    print(
        f"\n{ALONE:,} messages and more at 1,000 a second, {KILLS} SIGKILLs, the reference consumers without the key:"
    )
    for language, make in MAKERS.items():
        with _lab(make, None) as lab:
            outcome = attacked(lab, ALONE, KILLS, 1, commands=(KEYLESS[language],))
        name = f"control: {language} without the key"
        yield from _judged(name, str(outcome), outcome.rows, DOUBLES)


def _proofs(server: Postgresql) -> Iterator[tuple[str, Outcome]]:
    kinds: dict[str, Callable[[Lab, int, int, int], Outcome]] = {"1 consumer": attacked, "members 1-3-1": shared}
    print(f"\n{MESSAGES:,} messages and more at 1,000 a second, {KILLS} SIGKILLs, the reference consumers:")
    for seed in SEEDS:
        for kind, fight in kinds.items():
            for language, make in MAKERS.items():
                for database in ("sqlite", "postgresql"):
                    with _lab(make, server if database == "postgresql" else None) as lab:
                        outcome = fight(lab, MESSAGES, KILLS, seed)
                    name = f"{kind}, {language}, {database}, seed {seed}"
                    print(f"  {name}: {outcome}", flush=True)
                    yield name, outcome


def _speed(server: Postgresql) -> None:
    print(f"\nA backlog of {BACKLOG:,} messages, rows a second, median of {ROUNDS} alternating rounds:")
    for language, make in MAKERS.items():
        plain = PLAIN_PYTHON if language == "python" else PLAIN_NODE
        session = "session " if language == "python" else ""
        for database in ("sqlite", "postgresql"):
            candidates = {"plain, not flushed": (plain, f"{session}quick"), "reference": ((), "")}
            if language == "python":
                candidates["plain, not flushed, in batches"] = (plain, "session quick batch")
            found: dict[str, list[float]] = {name: [] for name in candidates}
            for _ in range(ROUNDS):
                for name, (command, words) in candidates.items():
                    with _lab(make, server if database == "postgresql" else None) as lab:
                        found[name].append(_drained(lab, command, BACKLOG, GUARDS=words))
            medians = {name: statistics.median(times) for name, times in found.items()}
            with _lab(make, server if database == "postgresql" else None) as lab:
                medians["plain, flushed (once)"] = _drained(lab, plain, FLUSHED, GUARDS=session)
            share = medians["reference"] / medians["plain, not flushed"]
            said = ", ".join(f"{name} {rate:,.0f}" for name, rate in medians.items())
            verdict = "reached" if share >= GOAL else "MISSED"
            print(f"  {language}, {database}: {said}; {share:.2f} of plain (goal: {GOAL}, {verdict})", flush=True)


def _drained(lab: Lab, command: tuple[str, ...], backlog: int, **more: str) -> float:
    """Rows a second from the start of the process until a backlog is stored."""
    with mosquitto(lab.folder, lab.port):
        with lab.consumer(command, **more) as consumer:  # makes its session and its table
            consumer.wait_for("subscribed", timeout=60)
        with Publisher(lab.port) as publisher:
            publisher.publish(readings(backlog).values())
            publisher.confirmed()
        began = time.perf_counter()
        with lab.consumer(command, log="measured.log", **more):
            wait_until(lambda: lab.total() >= backlog, 300, "the backlog is stored", 0.02)
            return backlog / (time.perf_counter() - began)


@contextmanager
def _lab(make: Callable[..., Lab], server: Postgresql | None) -> Iterator[Lab]:
    """Give an empty database, SQLite without a server, and a folder that goes afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pmb-"))
    database: Any = None
    if server is not None:
        server.execute("DROP SCHEMA public CASCADE")
        server.execute("CREATE SCHEMA public")
        database = PostgresqlRows(server.url)
    try:
        yield make(folder, database)
    finally:
        shutil.rmtree(folder)
