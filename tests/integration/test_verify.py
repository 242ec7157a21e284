"""`verify` on real brokers and real tables: what passes, what fails, and what cannot be known."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from procman.adapters import database, probes
from procman.adapters.broker import V311, Link
from procman.adapters.broker_client import V5
from procman.core.broker_facts import Shared, judge_share
from procman.core.broker_place import BrokerPlace
from procman.core.checks import Unknown
from tests.support.mariadb import Mariadb, mariadb
from tests.support.postgresql import Postgresql, postgresql
from tests.support.supervised import free_port
from tests.support.tiwater import EXAMPLES, Service, answers, mosquitto, need
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

KEY = ["time", "shop", "device"]
TABLE = "CREATE TABLE readings (time TEXT NOT NULL, shop TEXT NOT NULL, device TEXT NOT NULL, v TEXT{more})"
CANARY = {"topic": "t/{tag}/data", "payload": '{"time": "{time}", "device": "E{n}"}', "column": "shop"}

# A consumer of a few lines; TIMES: what it writes as the time of a reading.
CONSUMER = """
import itertools, json, os, sqlite3, sys
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
port, database, topic, mode = sys.argv[1:5]
rows = sqlite3.connect(database, isolation_level=None, check_same_thread=False, timeout=20)
number = itertools.count()
def on_message(_client, _data, message):
    reading = json.loads(message.payload)
    time = f"{os.getpid()}-{next(number)}" if mode == "receipt" else reading["time"]
    shop = message.topic.split("/")[1]
    rows.execute("INSERT OR REPLACE INTO readings VALUES (?, ?, ?, 'x')", (time, shop, reading["device"]))
client = mqtt.Client(CallbackAPIVersion.VERSION2)
client.on_connect = lambda *_: client.subscribe(topic, qos=1)
client.on_subscribe = lambda *_: print("subscribed", flush=True)
client.on_message = on_message
client.connect("127.0.0.1", int(port))
client.loop_forever()
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a manifest, a database and a broker's port."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """The broker."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        """The database."""
        return self.folder / "t.db"

    def table(self, more: str = f", PRIMARY KEY ({', '.join(KEY)})") -> None:
        """Make the table of the readings."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(TABLE.format(more=more))

    def rows(self) -> int:
        """How many readings there are."""
        with closing(sqlite3.connect(self.database)) as connection:
            return int(connection.execute("SELECT count(*) FROM readings").fetchone()[0])

    def write(self, command: list[str] | None = None, **consumes: object) -> None:
        """Write the manifest of one consumer."""
        said = {
            "broker": self.url,
            "topics": ["t/+/data"],
            "client_id": "tiwater",
            "dedup": {"database": "t.db", "table": "readings", "key": KEY},
            **consumes,
        }
        mqtt = {"kind": "scalable", "command": command or ["sleep", "600"], "memory": "40M", "consumes": said}
        text = {"version": 1, "project": "v", "budget": {"ram": "1G"}, "services": {"mqtt": mqtt}}
        (self.folder / "procman.yaml").write_text(json.dumps(text), encoding="utf-8")

    def environment(self) -> dict[str, str]:
        """What commands are run with."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PROCMAN_HOME": str(self.folder / "h")}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of procman here."""
        return subprocess.run(
            [sys.executable, "-m", "procman", *words],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )

    def verify(self, *words: str, code: int = 0) -> dict[str, dict[str, Any]]:
        """Run `verify`, which ends with `code`, and return its checks by name."""
        done = self.run("verify", "--json", *words)
        assert done.returncode == code, done.stdout + done.stderr
        assert "sesame" not in done.stdout + done.stderr
        return {check["name"]: check for check in json.loads(done.stdout)["checks"]}

    def held(self) -> str | None:
        """Return why the consumer would run once, when three are asked for."""
        text = json.loads((self.folder / "procman.yaml").read_text())
        text["services"]["mqtt"]["instances"] = 3
        (self.folder / "three.yaml").write_text(json.dumps(text), encoding="utf-8")
        done = self.run("plan", "--json", "--file", "three.yaml")
        found: str | None = json.loads(done.stdout)["services"][0]["held"]
        return found


@pytest.fixture(name="place")
def _place(tmp_path: Path) -> Iterator[Place]:
    """A place with mosquitto as it is out of the box, and an empty table with a good key."""
    made = Place(tmp_path, free_port())
    program = need("mosquitto", "mosquitto")
    (tmp_path / "m.conf").write_text(f"listener {made.port} 127.0.0.1\nallow_anonymous true\n")
    made.table()
    made.write()
    with Service([program, "-c", "m.conf"], tmp_path, {}, tmp_path / "broker.log"):
        wait_until(lambda: answers(made.port), 30, "mosquitto listens")
        yield made


@pytest.fixture(name="amqtt")
def _amqtt(tmp_path: Path) -> Iterator[str]:
    """The URL of the embedded broker, which grants shared subscriptions."""
    port = free_port()
    environment = {"BROKER_PORT": str(port), "TIWATER_BROKER": "amqtt"}
    command = [sys.executable, str(EXAMPLES / "tiwater" / "broker.py")]
    with Service(command, tmp_path, environment, tmp_path / "amqtt.log"):
        wait_until(lambda: answers(port), 30, "amqtt listens")
        yield f"mqtt://127.0.0.1:{port}"


@pytest.mark.parametrize("version", [V5, V311])
def test_mosquitto_divides_among_the_members_of_a_group(place: Place, version: int) -> None:
    """Each of 40 messages reaches one of two members, with and without MQTT 5."""
    shared = probes.share(BrokerPlace(place.url), version)
    assert (40, 40, 40) == (shared.sent, sum(shared.counts), shared.distinct)
    assert judge_share({"x": shared})[0] == "PASS"


def test_amqtt_grants_a_group_and_delivers_nothing(amqtt: str) -> None:
    """Its SUBACK says yes; of 40 messages 0 arrive: only behaviour counts."""
    assert ("3.1.1",) == probes.greet(BrokerPlace(amqtt)).versions
    assert probes.share(BrokerPlace(amqtt), V311) == Shared(40, (0, 0))
    with Link(amqtt, version=V311) as link:
        assert link.subscribe(["$share/g/a"], 1) == (1,)


def test_verify_fails_on_amqtt_and_nothing_is_unlocked(place: Place, amqtt: str) -> None:
    """The command says what happened, ends with 1, and the consumer stays at one."""
    place.write(broker=amqtt, share="g")
    found = place.verify("--only", "shared-subscription", "--only", "unique-key", code=1)
    assert found["shared-subscription"]["verdict"] == "FAIL"
    assert "0 of 40 messages are delivered" in found["shared-subscription"]["evidence"]
    assert found["unique-key"]["verdict"] == "PASS"
    assert "share group 'g' not verified" in (place.held() or "")


def test_mosquitto_out_of_the_box_passes_but_for_its_queue(place: Place) -> None:
    """Its limit of 1,000 is less than ten minutes of ten a second: that is a FAIL, and the guards are verified."""
    place.write(share="g", rate=10, downtime="10m")
    found = place.verify(code=1)
    assert {
        "broker": "PASS",
        "session": "PASS",
        "queue-limit": "FAIL",
        "shared-subscription": "PASS",
        "unique-key": "PASS",
        "strays": "PASS",
    } == {name: check["verdict"] for name, check in found.items()}
    assert "kept 1,000 of 6,000" in found["queue-limit"]["evidence"]
    assert "max_queued_messages" in found["queue-limit"]["help"]
    assert place.held() is None
    place.write(share="other")
    assert "verified for another broker, table or command" in (place.held() or "")


def test_a_queue_that_holds_enough_passes(place: Place) -> None:
    """What is declared is tried, no more; the same limit is enough for a minute."""
    place.write(rate=10, downtime="1m")
    assert place.verify("--only", "queue-limit")["queue-limit"]["verdict"] == "PASS"


def test_the_broker_keeps_nothing_of_a_probe(place: Place) -> None:
    """Sessions and queues of the probes are gone when they are done."""
    place.write(share="g", rate=10, downtime="1m")
    place.verify()
    with Link(place.url) as link:
        link.subscribe(["$SYS/broker/clients/disconnected"], 0)

        def none_waits() -> bool:
            return bool(link.received) and link.received[-1].payload == b"0"

        assert link.wait(none_waits, 30), link.received


def test_what_fails_later_voids_what_was_verified(place: Place) -> None:
    """The table loses its key: the next check fails and the consumer is held again; UNKNOWN changes nothing."""
    place.write()
    place.verify("--only", "unique-key")
    assert place.held() is None
    place.database.rename(place.folder / "away.db")
    found = place.verify("--only", "unique-key", code=3)
    assert "there is no database file" in found["unique-key"]["evidence"]
    assert place.held() is None
    place.table(more="")
    assert "no unique index" in place.verify("--only", "unique-key", code=1)["unique-key"]["evidence"]
    assert "not verified" in (place.held() or "")


def test_what_was_verified_in_one_checkout_is_not_verified_in_another(place: Place) -> None:
    """The same words in another folder name another file, whose table has no key: it is held there."""
    place.verify("--only", "unique-key")
    assert place.held() is None
    other = Place(place.folder / "other", place.port)
    other.folder.mkdir()
    (other.folder / "h").symlink_to(place.folder / "h")
    other.table(more="")
    other.write()
    assert "verified for another broker, table or command" in (other.held() or "")
    assert place.held() is None


def test_a_broker_that_is_away_is_unknown_and_its_password_is_not_shown(place: Place) -> None:
    """Five checks cannot be answered; the command ends with 3."""
    place.write(broker=f"mqtt://me:sesame@127.0.0.1:{free_port()}", share="g")
    found = place.verify(code=3)
    assert {"broker", "session", "queue-limit", "shared-subscription"} == {
        name for name, check in found.items() if check["verdict"] == "UNKNOWN"
    }
    assert "cannot be reached: Connection refused" in found["session"]["evidence"]


def test_a_broker_that_refuses_the_user_is_unknown(tmp_path: Path) -> None:
    """What it would do for another user is not known."""
    port = free_port()
    with mosquitto(tmp_path, port, extra="allow_anonymous false"), pytest.raises(Unknown, match="refuses the connec"):
        probes.greet(BrokerPlace(f"mqtt://me:sesame@127.0.0.1:{port}"))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nix"], 2, "there is no service 'nix'"),
        (["--only", "nix"], 2, "'nix' is not one of"),
        (["--only", "canary"], 3, "declares nothing that this could check"),
    ],
)
def test_wrong_use_and_nothing_to_check_are_told(place: Place, words: list[str], code: int, said: str) -> None:
    """An unknown service is wrong use; a check without a declaration is UNKNOWN."""
    done = place.run("verify", *words)
    assert code == done.returncode, done.stderr
    assert said in done.stdout + done.stderr


def test_without_the_extra_the_answer_is_unknown_with_the_command_that_installs_it(place: Place) -> None:
    """Neither paho-mqtt nor SQLAlchemy: no traceback, no PASS."""
    block = "import sys; sys.modules.update({name: None for name in ('paho', 'sqlalchemy')})\n"
    block += "from procman.cli import main; sys.argv = ['procman', 'verify']; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", block],
        cwd=place.folder,
        env=place.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert done.stdout.count(f"{sys.executable} -m pip install 'paho-mqtt>=2.0'") == 3
    assert done.stdout.count(f"{sys.executable} -m pip install 'sqlalchemy>=2.0'") == 1
    assert "PASS    mqtt unique-key" not in done.stdout


Words = Mapping[str, str]


@pytest.mark.parametrize(
    ("consumers", "key", "verdict", "said"),
    [
        ((("t/+/data", "message"),), True, "PASS", "25 readings, each sent twice, are 25 rows; removed again"),
        ((("$share/g/t/+/data", "message"),) * 2, True, "PASS", "are 25 rows"),
        ((("t/+/data", "receipt"),), True, "FAIL", "came again made 25 new rows"),
        ((("$share/g/t/+/data", "receipt"),) * 2, True, "FAIL", "came again made 25 new rows"),
        ((("$share/g/t/+/data", "message"), ("$share/gg/t/+/data", "message")), False, "FAIL", "about 2.0 consumers"),
        ((("$share/g/t/+/data", "message"), ("t/+/data", "message")), False, "FAIL", "about 2.0 consumers"),
        ((("T/+/data", "message"),), True, "FAIL", "the broker says that nobody subscribes"),
    ],
    ids=["one", "a group", "receipt", "receipt in a group", "a group written otherwise", "a stray", "a wrong topic"],
)
def test_canary(place: Place, consumers: tuple[tuple[str, str], ...], key: bool, verdict: str, said: str) -> None:
    """The canary finds what neither broker nor index show, and leaves no row behind."""
    if not key:
        place.database.unlink()
        place.table(more="")
    place.write(["sleep", "600"], canary=CANARY)
    assert place.run("up").returncode == 0
    try:
        with ExitStack() as stack:
            for number, (topic, mode) in enumerate(consumers):
                command = [sys.executable, "-c", CONSUMER, str(place.port), str(place.database), topic, mode]
                log = place.folder / f"{number}.log"
                stack.enter_context(Service(command, place.folder, {}, log)).wait_for("subscribed", timeout=30)
            found = place.verify("--only", "canary", code=0 if verdict == "PASS" else 1)["canary"]
            assert verdict == found["verdict"], found
            assert said in found["evidence"]
            assert place.rows() == 0
    finally:
        assert place.run("down").returncode == 0


def test_a_canary_needs_a_consumer_that_runs(place: Place) -> None:
    """Nothing is sent while nobody would store it."""
    place.write(canary=CANARY)
    assert "no process of 'mqtt' runs" in place.verify("--only", "canary", code=3)["canary"]["evidence"]


@pytest.mark.parametrize("server", [postgresql, mariadb], ids=["PostgreSQL", "MariaDB"])
def test_a_key_on_a_server_unlocks_and_the_canary_flies_there(
    place: Place, server: Callable[[], AbstractContextManager[Postgresql | Mariadb]]
) -> None:
    """The command reads the catalog of a real server, counts and removes rows there, and shows no password."""
    with server() as made:
        url = made.url.replace("procman@", "procman:sesame@")
        with database.opened(url, "/", write=True) as connection:
            text = TABLE.replace("TEXT", "varchar(60)").format(more=f", UNIQUE ({', '.join(KEY)})")
            connection.exec_driver_sql(text)
            place.write(dedup={"database": url, "table": "readings", "key": KEY}, canary=CANARY)
            assert place.verify("--only", "unique-key")["unique-key"]["verdict"] == "PASS"
            assert place.held() is None
            assert place.run("up").returncode == 0
            found = place.verify("--only", "canary", code=1)["canary"]
            assert "nobody subscribes" in found["evidence"]
            assert place.run("down").returncode == 0
            connection.exec_driver_sql("ALTER TABLE readings ADD extra integer UNIQUE")
            connection.exec_driver_sql("ALTER TABLE readings ADD CONSTRAINT less UNIQUE (time, shop)")
            evidence = place.verify("--only", "unique-key", code=1)["unique-key"]["evidence"]
            assert "narrower, on (time, shop)" in evidence
            assert place.held() is not None


def test_what_cannot_be_kept_is_said(place: Place) -> None:
    """The record cannot be written: the checks are shown, and that they unlock nothing."""
    (place.folder / "h" / "v" / "verified.json").mkdir(parents=True)
    done = place.run("verify", "--only", "unique-key")
    assert "PASS    mqtt unique-key" in done.stdout, done.stderr
    assert "is not kept, so it unlocks nothing" in done.stderr
