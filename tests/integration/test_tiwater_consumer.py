"""The Python example, its brokers, and the proof that these tests can see a duplicate and a loss."""

import contextlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.api_facts import ApiFacts
from tests.support.consumer_facts import BrokerFacts, PostgresqlFacts, SqliteFacts, StoringFacts, SupervisionFacts
from tests.support.member_facts import MemberFacts, member, tell_to_leave
from tests.support.postgresql import Postgresql
from tests.support.rows import PostgresqlRows
from tests.support.tiwater import (
    EXAMPLES,
    Lab,
    Publisher,
    Rows,
    Service,
    answers,
    mosquitto,
    need,
    python_lab,
    readings,
)
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

# What many a first version looks like: acknowledged on receipt, no session, no key.
PLAIN = """
import json, os, sqlite3
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
os.makedirs(os.path.dirname(os.environ["DATABASE"]), exist_ok=True)
database = sqlite3.connect(os.environ["DATABASE"], isolation_level=None, check_same_thread=False, timeout=20)
database.execute("PRAGMA journal_mode = WAL")
database.execute("CREATE TABLE IF NOT EXISTS readings (timestamp, codigo_tienda, equipo_id, 'values')")
client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=os.environ["MQTT_CLIENT_ID"])
client.on_connect = lambda *_: client.subscribe("tiwater/+/data", qos=1)
client.on_subscribe = lambda *_: print("subscribed", flush=True)
def on_message(_client, _data, message):
    reading = json.loads(message.payload)
    row = (reading["timestamp"], message.topic.split("/")[1], reading["equipo_id"], str(reading["values"]))
    database.execute("INSERT INTO readings VALUES (?, ?, ?, ?)", row)
client.on_message = on_message
client.connect("127.0.0.1", int(os.environ["MQTT_BROKER"].rpartition(":")[2]))
client.loop_forever()
"""

# The broker of the example where mosquitto is missing, slow at passing on: it confirms at once all the same. MAY says
# what the publisher may do beside publishing.
SLOW_AMQTT = """
import asyncio, os
from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.plugins.base import BaseTopicPlugin
class Slow(BaseTopicPlugin):
    async def topic_filtering(self, *, session, topic, action):
        if action == Action.PUBLISH:
            for _ in range(50):
                await asyncio.sleep(0)
        return action in os.environ["MAY"].split() or session.client_id == "tiwater-consumer"
async def main():
    address = "127.0.0.1:" + os.environ["BROKER_PORT"]
    anonymous = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    listeners = {"default": {"type": "tcp", "bind": address}}
    await Broker({"listeners": listeners, "plugins": {**anonymous, "__main__.Slow": {}}}).start()
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """The Python example in a folder of its own."""
    return python_lab(tmp_path)


class TestConsumer(StoringFacts, SqliteFacts, BrokerFacts, MemberFacts, SupervisionFacts):
    """The consumer written in Python, on SQLite."""


class TestConsumerOnPostgresql(StoringFacts, PostgresqlFacts):
    """The consumer written in Python, on PostgreSQL."""

    @pytest.fixture
    def lab(self, tmp_path: Path, server: Postgresql) -> Lab:
        """The Python example on a server."""
        return python_lab(tmp_path, PostgresqlRows(server.url))


class TestApi(ApiFacts):
    """The API written in Python, under uvicorn."""

    @pytest.fixture
    def api_command(self) -> Sequence[str]:
        """The command of the manifest."""
        return (sys.executable, "-m", "uvicorn", "--fd", "3", "api:app", "--no-access-log")


def test_two_plain_consumers_are_seen_as_duplicates(lab: Lab) -> None:
    """Negative control: two consumers under different client ids without a key double every row, and it is seen."""
    published = readings(100)
    command = (sys.executable, "-c", PLAIN)
    with (
        mosquitto(lab.folder, lab.port),
        lab.consumer(command, log="first.log", MQTT_CLIENT_ID="first") as first,
        lab.consumer(command, log="second.log", MQTT_CLIENT_ID="second") as second,
        Publisher(lab.port) as publisher,
    ):
        first.wait_for("subscribed")
        second.wait_for("subscribed")
        publisher.publish(published.values())
        lab.wait_for_rows(200)
    assert lab.compare(published) == Rows(missing=0, unknown=0, duplicates=100)


def test_consumer_without_session_is_seen_as_loss(lab: Lab) -> None:
    """Negative control: what is published while a consumer without a session is down is missing, and it is seen."""
    published = readings(150)
    messages = list(published.values())
    command = (sys.executable, "-c", PLAIN)
    with mosquitto(lab.folder, lab.port), Publisher(lab.port) as publisher:
        with lab.consumer(command, log="before.log") as consumer:
            consumer.wait_for("subscribed")
            publisher.publish(messages[:30])
            lab.wait_for_rows(30)
        publisher.publish(messages[30:130])
        assert publisher.confirmed() == 130
        with lab.consumer(command, log="after.log") as consumer:
            consumer.wait_for("subscribed")
            publisher.publish(messages[130:])
            lab.wait_for_rows(50)
    assert lab.compare(published) == Rows(missing=100, unknown=0, duplicates=0)


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_example_broker_carries_500_readings(lab: Lab, kind: str) -> None:
    """Either broker of the example brings 500 readings of publish.py to the consumer, and ends on SIGTERM."""
    if kind == "mosquitto":
        need("mosquitto", "mosquitto")
    script = str(lab.example / "broker.py")
    environment = {"BROKER_PORT": str(lab.port), "TIWATER_BROKER": kind}
    with Service((sys.executable, script), lab.folder, environment, lab.folder / "broker.log") as broker:
        wait_until(lambda: answers(lab.port), 20, "the broker listens")
        with lab.consumer() as consumer:
            consumer.wait_for("subscribed")
            published = subprocess.run(
                [sys.executable, "publish.py", "--broker", f"mqtt://127.0.0.1:{lab.port}", "--seed", "3"],
                cwd=lab.example,
                check=True,
                capture_output=True,
                text=True,
            )
            assert "published 500 readings" in published.stdout
            lab.wait_for_rows(500)
            assert consumer.stop() == 0
        assert broker.stop() == 0
    keys = lab.select("SELECT count(DISTINCT timestamp || codigo_tienda || equipo_id) FROM readings")
    assert (keys, lab.total()) == ([(500,)], 500)


@contextlib.contextmanager
def _slow_amqtt(lab: Lab, may: str) -> Iterator[None]:
    environment = {"BROKER_PORT": str(lab.port), "MAY": may}
    with Service((sys.executable, "-c", SLOW_AMQTT), lab.folder, environment, lab.folder / "broker.log"):
        wait_until(lambda: answers(lab.port), 20, "the broker listens")
        yield


def _publish(lab: Lab, *before: str) -> subprocess.CompletedProcess[str]:
    """Run publish.py; `before` is Python that runs first."""
    main = "\n".join(("import publish", *before, "raise SystemExit(publish.main())"))
    command = [sys.executable, "-c", main, "--broker", f"mqtt://127.0.0.1:{lab.port}"]
    return subprocess.run(command, cwd=lab.example, check=True, capture_output=True, text=True)


def test_publisher_stays_until_all_is_passed_on(lab: Lab) -> None:
    """A broker that confirms before it passes on, and drops the rest when the publisher leaves, drops nothing."""
    with _slow_amqtt(lab, "publish subscribe receive"), lab.consumer() as consumer:
        consumer.wait_for("subscribed")
        published = _publish(lab)
        lab.wait_for_rows(500)
    assert (published.stdout.split(" to ")[0], published.stderr) == ("published 500 readings", "")


def test_publisher_that_may_not_subscribe_waits_for_nothing(lab: Lab) -> None:
    """Where publishing is all that is allowed, publish.py ends when everything is confirmed."""
    with _slow_amqtt(lab, "publish"):
        published = _publish(lab)
    assert (published.stdout.split(" to ")[0], published.stderr) == ("published 500 readings", "")


def test_publisher_says_what_was_not_passed_on(lab: Lab) -> None:
    """A broker that confirms everything and never brings the last reading back may have lost some, and that is told."""
    with _slow_amqtt(lab, "publish subscribe"):
        published = _publish(lab, "publish.PASSED_ON_SECONDS = 0.5")
    assert published.stderr == (
        f"mqtt://127.0.0.1:{lab.port} did not pass the last reading on in 0.5 s; it may have lost some\n"
    )


def test_leaving_without_a_broker_is_not_done(lab: Lab) -> None:
    """A member that cannot reach the broker says that it did not leave, and ends with 75 within its 10 s."""
    with member(lab, 1) as only:
        only.wait_for("next try in")
        tell_to_leave(lab, 1)
        assert only.stop(timeout=10) == 75
        assert "told to leave, and not done in time" in only.log()


def test_publisher_says_when_there_is_no_broker(lab: Lab) -> None:
    """publish.py exits 1 with one line when nothing listens, and shows no password."""
    address = f"mqtt://someone:sesame@127.0.0.1:{lab.port}"
    command = [sys.executable, "publish.py", "--broker", address]
    done = subprocess.run(command, cwd=lab.example, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"publish: cannot reach mqtt://127.0.0.1:{lab.port}")
    assert "sesame" not in done.stderr


def _load_readings() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tiwater_readings", EXAMPLES / "tiwater" / "readings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


example_readings = _load_readings()
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_almost = st.fixed_dictionaries(
    {},
    optional={
        "timestamp": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z") | _json,
        "equipo_id": st.text() | _json,
        "values": st.dictionaries(st.text(), _json) | _json,
    },
)


_topics = st.text() | st.text().map("tiwater/{}/data".format)
_payloads = st.binary() | _almost.map(lambda document: json.dumps(document).encode())


@settings(deadline=None)
@given(topic=_topics, payload=_payloads)
def test_any_bytes_are_a_reading_or_a_reason(topic: str, payload: bytes) -> None:
    """Whatever comes gives a reading that a database can store or BadMessage, and nothing else."""
    with contextlib.suppress(example_readings.BadMessage):
        reading = example_readings.parse(topic, payload)
        for text in (reading.timestamp, reading.codigo_tienda, reading.equipo_id, reading.values):
            assert text.encode()
