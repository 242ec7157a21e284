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
from tests.support.postgresql import Postgresql, postgresql
from tests.support.rows import PostgresqlRows
from tests.support.tiwater import Lab, Publisher, mosquitto, node_lab, python_lab, readings
from tests.support.waiting import wait_until

MESSAGES, KILLS, SEEDS = 20_000, 30, (1, 2, 3)
ALONE, ALONE_KILLS = 10_000, 15
BACKLOG, ROUNDS, GOAL = 20_000, 5, 0.8
FLUSHED = 2_000
MAKERS = {"python": python_lab, "node": node_lab}
GROUP = {"MQTT_TOPIC": "$share/tiwater/tiwater/+/data"}
ONE_ID = {"MQTT_CLIENT_ID": "one"}
ONE, TWO = (PLAIN_PYTHON,), (PLAIN_PYTHON, PLAIN_PYTHON)
BRIEF = "batch brief"

# What each guard is worth alone: consumers, kills, guards, settings.
ALONE_CASES: dict[str, tuple[tuple[tuple[str, ...], ...], int, str, dict[str, str]]] = {
    "2 plain consumers, two client ids": (TWO, 0, "quick", {}),
    "2 plain consumers, one client id, persistent": (TWO, 0, "quick session", ONE_ID),
    "2 plain consumers, one client id, clean": (TWO, 0, "quick", ONE_ID),
    "shared subscription, 2 members, clean": (TWO, ALONE_KILLS, "quick ack", GROUP),
    "shared subscription, 2 members, persistent, no key": (TWO, 2 * ALONE_KILLS, f"session ack {BRIEF}", GROUP),
    "1 consumer, clean session": (ONE, ALONE_KILLS, "quick key ack", {}),
    "1, persistent, acknowledged on receipt, batch in memory": (ONE, ALONE_KILLS, "quick session key batch", {}),
    "1, persistent, acknowledged after commit, no key": (ONE, 2 * ALONE_KILLS, f"session ack {BRIEF}", {}),
    "1, persistent, acknowledged after commit, unique key": (ONE, 2 * ALONE_KILLS, f"session ack key {BRIEF}", {}),
}


def kills() -> None:
    """Print what the reference consumers lost and doubled; RuntimeError when it was anything."""
    with postgresql(durable=True) as server:
        bad = [name for name, outcome in _proofs(server) if not outcome.exact]
    if bad:
        raise RuntimeError(f"not exact: {', '.join(bad)}")


def speed() -> None:
    """Print rows a second beside a plain consumer."""
    with postgresql(durable=True) as server:
        _speed(server)


def guards() -> None:
    """Print what a plain consumer lost and doubled with one guard after another."""
    print(f"\n{ALONE:,} messages at 1,000 a second, each guard alone (Python, SQLite):")
    for name, (commands, killed, words, more) in ALONE_CASES.items():
        with _lab(python_lab, None) as lab:
            outcome = attacked(lab, ALONE, killed, 1, commands=commands, GUARDS=words, **more)
        print(f"  {name}: {outcome}", flush=True)


def _proofs(server: Postgresql) -> Iterator[tuple[str, Outcome]]:
    kinds: dict[str, Callable[[Lab, int, int, int], Outcome]] = {"1 consumer": attacked, "members 1-3-1": shared}
    print(f"\n{MESSAGES:,} messages at 1,000 a second, {KILLS} random SIGKILLs, the reference consumers:")
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
