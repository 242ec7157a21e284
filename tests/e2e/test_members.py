"""A consumer with members: verified, scaled up one by one, scaled down without a message left behind."""

from __future__ import annotations

import gc
import os
import signal
import sqlite3
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from procman.workflow.watch import Watch
from tests.support.members import Shop
from tests.support.projects import Project, ended
from tests.support.supervised import free_port
from tests.support.tiwater import EXACT, Key, Message, Publisher, mosquitto, python_lab, readings
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

COMMAND = (sys.executable, "consumer.py")
DEAF = ("/usr/bin/env", "-u", "PROCMAN_MQTT_LEAVE", *COMMAND)
"""The same consumer, which does not know that it may leave for good."""

CANARY = {
    "topic": "tiwater/{tag}/data",
    "payload": '{"timestamp": "{time}", "equipo_id": "E{n}", "values": {"x": 1}}',
    "column": "codigo_tienda",
}


@pytest.fixture(name="members")
def _members(shop: Project) -> Iterator[Shop]:
    """A shop with a broker; mosquitto says every second who is connected."""
    port = free_port()
    with mosquitto(shop.folder, port, "allow_anonymous true\nsys_interval 1"):
        yield Shop(shop, port, python_lab(shop.folder))


@pytest.mark.parametrize(
    ("command", "kills"),
    [(COMMAND, False), (COMMAND, True), (DEAF, False)],
    ids=["leaves by itself", "killed before", "does not know how to leave"],
)
def test_scaling_up_and_down_under_load_loses_and_doubles_nothing(
    members: Shop, command: tuple[str, ...], kills: bool
) -> None:
    """1, 3, 1 while hundreds of readings a second come: each is one row, and none waits in a session nobody reads."""
    members.begin(command)
    first = members.project.pids()["mqtt-0"]
    published: dict[Key, Message] = {}
    stop = threading.Event()
    with Publisher(members.lab.port) as publisher:

        def feed() -> None:
            for key, message in readings(80_000).items():
                published[key] = message
                publisher.publish([message])
                if stop.wait(0.001):
                    return

        feeder = threading.Thread(target=feed)
        feeder.start()
        ended(members.project.run("scale", "mqtt=3"), 0, "mqtt-1", "mqtt-2")
        running = members.project.pids()
        assert {"mqtt-0", "mqtt-1", "mqtt-2"} == set(running)
        for unit in ("mqtt-1", "mqtt-2") if kills else ():
            os.kill(running[unit], signal.SIGKILL)
            members.project.renewed(unit, running[unit])
        done = ended(members.project.run("scale", "mqtt=1"), 0)
        stop.set()
        feeder.join(60)
        assert publisher.confirmed() == len(published)
    assert members.project.pids() == {"mqtt-0": first}
    members.all_stored(published)
    if not kills:  # one that was just killed may be told to leave before it can
        assert ("waited in its session" in done.said) == (command is DEAF)


def test_the_key_alone_unlocks_and_every_member_stores_everything(members: Shop) -> None:
    """Without a share group each of two stores each reading, into one row; what waits for the second is dropped."""
    members.begin(share=None)
    members.project.write({"mqtt": members.mqtt(2, share=None)})
    ended(members.project.run("up"), 0, "PM411", "share-missing")
    planned = ended(members.project.run("plan", "--json"), 0).json()["services"][0]
    assert "every member gets and stores every message" in planned["verified"]
    published = readings(300)
    with Publisher(members.lab.port) as publisher:
        publisher.publish(published.values())
        assert publisher.confirmed() == 300
    wait_until(lambda: members.lab.compare(published) == EXACT, 60, "all rows")
    ended(members.project.run("scale", "mqtt=1"), 0)
    members.all_stored(published)


def test_members_have_ids_locks_and_tokens_of_their_own(members: Shop) -> None:
    """What each finds in its environment, and that another project cannot consume beside them."""
    members.begin()
    ended(members.project.run("scale", "mqtt=2"), 0)
    told = {unit: _environ(pid) for unit, pid in members.project.pids().items()}
    assert ["tiwater", "tiwater-1"] == [told[f"mqtt-{i}"]["PROCMAN_MQTT_CLIENT_ID"] for i in range(2)]
    assert all(one["PROCMAN_MQTT_TOPICS"] == "$share/g/tiwater/+/data" for one in told.values())
    assert all(int(one["PROCMAN_MQTT_TOKEN"]) > 0 for one in told.values())
    status = members.project.status()
    assert ["lock", "lock"] == [row["guard"] for row in status["instances"]]
    assert {"unique-key", "shared-subscription"} == {one["check"] for one in status["verified"] if one["valid"]}
    ended(members.project.run("status"), 0, "mqtt: unique-key verified", "SQLite")
    other = members.project.beside("bakery")
    other.write({"reader": members.mqtt(1)})
    ended(other.run("up"), 75, "reader-0")


def test_any_member_keeps_other_projects_away(members: Shop) -> None:
    """With the first one stopped, and with only the last one left, another project's consumer is refused as before."""
    members.begin()
    ended(members.project.run("scale", "mqtt=3"), 0)
    other = members.project.beside("bakery")
    other.write({"reader": members.mqtt(1)})
    for stopped in ("mqtt-0", "mqtt-1"):
        ended(members.project.run("stop", stopped), 0)
        ended(other.run("up"), 75, "reader-0", "is held by pid")
    last = members.project.pids()
    assert list(last) == ["mqtt-2"]
    ended(members.project.run("start", "mqtt-0"), 0)
    assert members.project.pids()["mqtt-2"] == last["mqtt-2"], "a sibling was ended"
    assert {row["guard"] for row in members.project.status()["instances"] if row["pid"]} == {"lock"}


def test_a_canary_that_does_not_arrive_brings_back_what_ran(members: Shop) -> None:
    """Its reading is none, so no row comes: the new member goes again, the old one is not touched."""
    members.begin(canary={**CANARY, "payload": '{"tag": "{tag}"}'})
    before = members.project.pids()
    done = ended(members.project.run("scale", "mqtt=3"), 1, "the canary of mqtt says FAIL", "0 rows of 25")
    assert "back to what ran before" in done.said
    assert members.project.pids() == before
    assert ["mqtt-0"] == list(members.project.states())
    members.all_stored({})


def test_a_canary_flies_after_each_member(members: Shop) -> None:
    """Two members, two flights, and no row of them is left."""
    members.begin(canary=CANARY)
    done = ended(members.project.run("scale", "mqtt=3"), 0)
    assert done.said.count("sending canary readings") == 2
    assert members.lab.total() == 0
    assert members.project.run("verify", "--only", "canary").code == 0


def test_a_key_that_was_lost_since_keeps_the_consumer_at_one(members: Shop) -> None:
    """It is asked for again before a member is added; what was verified is forgotten, and the reason said."""
    members.begin()
    before = members.project.pids()
    _without_key(members.database)
    ended(members.project.run("scale", "mqtt=2"), 1, "mqtt gets no further member, unique-key", "no unique index")
    ended(members.project.run("scale", "mqtt=2"), 1, "PM202", "not verified")
    assert members.project.pids() == before


def test_an_up_that_adds_a_member_asks_for_the_guards_too(members: Shop) -> None:
    """The key is gone since it was verified: `up` is refused and changes nothing; the next says why one runs."""
    members.begin()
    before = members.project.pids()
    _without_key(members.database)
    members.project.write({"mqtt": members.mqtt(2)})
    ended(members.project.run("up"), 1, "mqtt gets no further member, unique-key")
    ended(members.project.run("up"), 0, "PM407", "held at one instance")
    assert members.project.pids() == before


def test_a_broker_that_is_away_adds_no_member(members: Shop) -> None:
    """What cannot be asked unlocks nothing, although it was verified a minute ago."""
    members.begin()
    text = members.project.file.read_text()
    members.project.file.write_text(text.replace(str(members.lab.port), str(free_port())))
    ended(members.project.run("up"), 0)
    ended(members.project.run("scale", "mqtt=2"), 1, "PM202", "verified for another broker, table or command")


def test_members_that_a_later_up_does_not_bring_back_leave_nothing_behind(members: Shop) -> None:
    """Down with two, up with one: what waited for the second is published again, its session is ended."""
    members.begin()
    members.project.write({"mqtt": members.mqtt(2)})
    members.project.up()
    assert {"mqtt-0", "mqtt-1"} == set(members.project.pids())
    ended(members.project.run("down"), 0)
    published = readings(200)
    with Publisher(members.lab.port) as publisher:
        publisher.publish(published.values())
        assert publisher.confirmed() == 200
    members.project.write({"mqtt": members.mqtt(1)})
    ended(members.project.run("up"), 0, "messages waited in its session and were published again")
    members.all_stored(published)


def test_a_scale_that_is_killed_half_way_leaves_a_note_to_the_next(members: Shop) -> None:
    """The members are gone and their sessions not ended when the command dies: the next one hands on what they got."""
    members.begin(DEAF)
    ended(members.project.run("scale", "mqtt=3"), 0)
    with members.project.popen("scale", "mqtt=1") as command:
        wait_until(lambda: {"mqtt-0"} == set(members.project.pids()), 60, "the others are gone", 0.005)
        command.kill()
    published = readings(600)
    with Publisher(members.lab.port) as publisher:
        publisher.publish(published.values())
        assert publisher.confirmed() == 600
    ended(members.project.run("status"), 3, "mqtt-2: its session at the broker is not ended")
    assert "mqtt-2" in members.project.status(3)["sessions_left"]
    ended(members.project.run("scale", "mqtt=1"), 0, "mqtt-2", "waited in its session and were published again")
    members.all_stored(published)
    assert members.project.run("status", "--json").json()["sessions_left"] == []


def test_a_guard_that_fails_while_watched_takes_the_consumer_back_to_one(members: Shop) -> None:
    """The watch is a service of the project: it sees the key vanish, notes it, and one is left, untouched."""
    members.begin()
    watch = [sys.executable, "-m", "procman", "verify", "--watch", "--every", "1s", "--only", "unique-key"]
    guard = {"kind": "singleton", "command": watch, "memory": "60M"}
    members.project.write({"mqtt": members.mqtt(2), "guard": guard})
    members.project.up()
    before = members.project.pids()
    assert {"mqtt-0", "mqtt-1", "guard-0"} == set(before)
    _without_key(members.database)
    wait_until(lambda: "mqtt-1" not in members.project.pids(), 90, "one consumer is left")
    wait_until(lambda: members.project.run("status").code == 0, 60, "the change is done")
    left = members.project.pids()
    assert left == {unit: before[unit] for unit in ("mqtt-0", "guard-0")}
    ended(members.project.run("events", "mqtt"), 0, "FAIL unique-key", "no unique index", "procman scale by")
    ended(members.project.run("logs", "guard"), 0, "mqtt goes back to one: a guard of it has failed")
    ended(members.project.run("scale", "mqtt=2"), 1, "PM202", "not verified")


def test_what_waits_for_a_failed_member_is_handed_on(members: Shop) -> None:
    """A member that is given up keeps its share at the broker: `members` says so, and the others get it when told."""
    members.begin(change=lambda service: {**service, "restart": {"max": 1, "within": "60s", "retry": "never"}})
    ended(members.project.run("scale", "mqtt=3"), 0)
    ended(members.project.run("verify", "--only", "members"), 0, "3 members, none has failed")
    for _ in range(2):
        unit = members.project.pids()["mqtt-1"]
        os.kill(unit, signal.SIGKILL)
        wait_until(lambda unit=unit: members.project.pids().get("mqtt-1") != unit, 60, "it is seen")  # type: ignore[misc]
    members.project.reach({"mqtt-1": "failed"})
    published = readings(600)
    with Publisher(members.lab.port) as publisher:
        publisher.publish(published.values())
        assert publisher.confirmed() == 600
    ended(members.project.run("verify", "--only", "members"), 1, "mqtt-1 failed", "--hand-on")
    assert members.lab.compare(published).missing > 100, "nothing waits for it, so nothing is proved"
    done = ended(members.project.run("verify", "--only", "members", "--hand-on"), 1, "published again for the others")
    assert "mqtt-1" in done.out
    members.all_stored(published)
    ended(members.project.run("start", "mqtt-1"), 0)
    ended(members.project.run("verify", "--only", "members"), 0)


def test_watch_hands_on_what_waits_for_a_failed_member(members: Shop) -> None:
    """Within a round, without being told."""
    watcher = {
        "kind": "singleton",
        "command": [sys.executable, "-m", "procman", "verify", "--watch", "--every", "1s", "--only", "members"],
        "memory": "60M",
    }
    tired = {"restart": {"max": 0, "within": "60s", "retry": "never"}}
    members.begin(change=lambda service: {**service, **tired})
    members.project.write({"mqtt": {**members.mqtt(2), **tired}, "watcher": watcher})
    members.project.up()
    os.kill(members.project.pids()["mqtt-1"], signal.SIGKILL)
    members.project.reach({"mqtt-1": "failed"})
    published = readings(400)
    with Publisher(members.lab.port) as publisher:
        publisher.publish(published.values())
        assert publisher.confirmed() == 400
    members.all_stored(published)
    wait_until(lambda: "FAIL members" in members.project.run("events", "mqtt").said, 60, "the watch has told of it")


def test_watch_keeps_nothing_of_its_rounds(members: Shop) -> None:
    """Twelve rounds whose verdicts change each time: what the watch holds does not grow; bench/watch.py in full."""
    members.begin()
    said: list[str] = []
    watch = Watch(str(members.project.file), (), ("unique-key",), 1, members.project.environment(), said.append)
    held = []
    tracemalloc.start()
    try:
        for number in range(12):
            table = ("plain", "readings") if number % 2 else ("readings", "plain")
            with closing(sqlite3.connect(members.database, timeout=30)) as connection:
                connection.execute(f"ALTER TABLE {table[0]} RENAME TO {table[1]}")
            assert len(watch.round()) == 1
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert len(said) == 12
    assert held[-1] - held[3] < 100_000, held


def test_watching_what_does_not_run_is_told(members: Shop) -> None:
    """It says how to start it, and ends with 4; a round of no time, and JSON, are wrong use."""
    members.project.write({"mqtt": members.mqtt(1)})
    ended(members.project.run("verify", "--watch"), 4, "the project is not running")
    ended(members.project.run("verify", "--watch", "--every", "0s"), 2, "at least 1s")
    ended(members.project.run("verify", "--watch", "--json"), 2, "procman events --json")


def _environ(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _without_key(database: str) -> None:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        connection.execute("CREATE TABLE plain AS SELECT * FROM readings")
        connection.execute("DROP TABLE readings")
        connection.execute("ALTER TABLE plain RENAME TO readings")
