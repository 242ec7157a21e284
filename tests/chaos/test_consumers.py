"""What each guard is worth alone, and that all together lose and repeat nothing; `bench/consumers.py` in full."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.consumers import PLAIN_PYTHON, attacked, shared
from tests.chaos.keyless import KEYLESS
from tests.support.postgresql import postgresql
from tests.support.rows import Database, PostgresqlRows
from tests.support.tiwater import EXACT, Lab, Publisher, Rows, mosquitto, node_lab, python_lab, readings
from tests.support.waiting import wait_until
from tests.support.wire import Wire

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SEED = 5
MAKERS = {"python": python_lab, "node": node_lab}
SHARED = "$share/tiwater/tiwater/+/data"


@pytest.fixture(name="database", params=["sqlite", "postgresql"])
def _database(request: pytest.FixtureRequest) -> Iterator[Database | None]:
    if request.param == "sqlite":
        yield None
        return
    with postgresql() as server:
        yield PostgresqlRows(server.url)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_reference_consumer_is_exact_under_kills(
    make: Callable[[Path, Database | None], Lab], database: Database | None, tmp_path: Path
) -> None:
    """4,000 messages and more at 1,000 a second, 6 SIGKILLs among them: as many rows, none lost and none twice."""
    outcome = attacked(make(tmp_path, database), 4000, 6, SEED)
    assert outcome.exact, str(outcome)
    assert outcome.kills == 6
    assert outcome.aimed > 0


@pytest.mark.parametrize("language", MAKERS)
def test_without_the_key_the_same_attack_doubles(language: str, tmp_path: Path) -> None:
    """Negative control: the reference consumer in everything but the key doubles rows under the same kills."""
    outcome = attacked(MAKERS[language](tmp_path), 4000, 6, SEED, commands=(KEYLESS[language],))
    assert outcome.rows.duplicates > 0, str(outcome)
    assert outcome.rows.missing == 0, str(outcome)


def test_group_without_a_key_doubles_under_kills(tmp_path: Path) -> None:
    """Negative control: a shared subscription with sessions and acknowledgements after the commit still doubles."""
    lab, guards = python_lab(tmp_path), "session ack batch brief"
    outcome = attacked(lab, 3000, 6, SEED, commands=(PLAIN_PYTHON, PLAIN_PYTHON), GUARDS=guards, MQTT_TOPIC=SHARED)
    assert outcome.rows.duplicates > 0, str(outcome)


@pytest.mark.parametrize(("session", "rows"), [("session", 100), ("", 50)], ids=["persistent", "clean"])
def test_one_client_id_twice_is_seen(session: str, rows: int, tmp_path: Path) -> None:
    """Negative control: the second of one id gets what the first did not acknowledge again, or it is lost with it."""
    lab, published = python_lab(tmp_path), readings(50)
    one = {"MQTT_CLIENT_ID": "one", "GUARDS": f"quick {session}"}
    with mosquitto(lab.folder, lab.port), Wire(lab.port) as wire, Publisher(lab.port) as publisher:
        wired = replace(lab, port=wire.port)
        with wired.consumer(PLAIN_PYTHON, log="first.log", **one) as first:
            first.wait_for("subscribed")
            wire.hold()
            publisher.publish(published.values())
            lab.wait_for_rows(50)
            with lab.consumer(PLAIN_PYTHON, log="second.log", **one) as second:
                second.wait_for("subscribed")
                publisher.publish(readings(1, 50).values())
                lab.wait_for_rows(rows + 1)
                wait_until(lambda: _idle(lab), 20, "no more rows come", interval=0.5)
    assert lab.total() == rows + 1


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_scaling_members_under_kills_is_exact(
    make: Callable[[Path, Database | None], Lab], database: Database | None, tmp_path: Path
) -> None:
    """One member, three, one again, at 1,000 messages a second with 5 kills among them: nothing lost, nothing twice."""
    outcome = shared(make(tmp_path, database), 5000, 5, SEED)
    assert outcome.exact, str(outcome)
    assert outcome.kills == 5


def test_two_consumers_under_one_client_id_are_exact_all_the_same(tmp_path: Path) -> None:
    """The broker lets two with one id oust each other again and again: slow, and nothing lost or twice."""
    lab, published = python_lab(tmp_path), readings(500)
    with (
        mosquitto(lab.folder, lab.port),
        Publisher(lab.port) as publisher,
        lab.consumer(log="first.log") as first,
        lab.consumer(log="second.log") as second,
    ):
        wait_until(lambda: "next try in" in first.log() + second.log(), 20, "one is ousted")
        publisher.publish(published.values())
        lab.wait_for_rows(500)
    assert lab.compare(published) == EXACT


def test_two_plain_consumers_double_every_message(tmp_path: Path) -> None:
    """Negative control: two client ids on one topic, without a key, are two rows for each message."""
    outcome = attacked(
        python_lab(tmp_path), 1000, 0, SEED, commands=(PLAIN_PYTHON, PLAIN_PYTHON), each=2, GUARDS="quick"
    )
    assert outcome.rows == Rows(missing=0, unknown=0, duplicates=1000)


def test_default_queue_of_the_broker_drops_the_rest(tmp_path: Path) -> None:
    """With mosquitto's own max_queued_messages, 1,000, the reference consumer misses what came while it was away."""
    lab, published = python_lab(tmp_path), readings(2500)
    with mosquitto(lab.folder, lab.port, "allow_anonymous true\nmax_queued_messages 1000"), Publisher(lab.port) as gate:
        with lab.consumer() as consumer:
            consumer.wait_for("subscribed")
            assert consumer.stop() == 0
        gate.publish(published.values())
        assert gate.confirmed() == 2500
        with lab.consumer(log="again.log") as consumer:
            consumer.wait_for("session kept")
            lab.wait_for_rows(1000)
            wait_until(lambda: _idle(lab), 20, "no more rows come", interval=0.5)
    assert 1000 <= lab.compare(published).missing <= 1500


@pytest.mark.parametrize(
    ("guards", "missing"),
    [("session batch", 200), ("session ack key batch", 0)],
    ids=["acknowledged before the commit", "acknowledged after it"],
)
def test_batch_in_memory_is_lost_when_it_was_acknowledged(tmp_path: Path, guards: str, missing: int) -> None:
    """Killed with 200 messages in memory, a consumer loses what was acknowledged on receipt, and only that."""
    lab, published = python_lab(tmp_path), readings(200)
    with mosquitto(lab.folder, lab.port), Publisher(lab.port) as publisher:
        with lab.consumer(PLAIN_PYTHON, GUARDS=f"{guards} slow") as consumer:
            consumer.wait_for("subscribed")
            publisher.publish(published.values())
            consumer.wait_for("waiting 200")
            consumer.kill()
        with lab.consumer(PLAIN_PYTHON, log="again.log", GUARDS=guards) as consumer:
            consumer.wait_for("subscribed")
            publisher.publish(readings(1, 200).values())
            lab.wait_for_rows(201 - missing)
    assert lab.compare([*published, *readings(1, 200)]).missing == missing


def test_clean_member_of_a_group_loses_what_it_holds(tmp_path: Path) -> None:
    """A shared subscription without a session: what a killed member had in hand goes to nobody."""
    lab, published = python_lab(tmp_path), readings(200)
    with (
        mosquitto(lab.folder, lab.port),
        Publisher(lab.port) as publisher,
        lab.consumer(PLAIN_PYTHON, log="a.log", GUARDS="ack", MQTT_CLIENT_ID="a", MQTT_TOPIC=SHARED) as good,
    ):
        good.wait_for("subscribed")
        with lab.consumer(
            PLAIN_PYTHON, log="b.log", GUARDS="ack batch slow", MQTT_CLIENT_ID="b", MQTT_TOPIC=SHARED
        ) as bad:
            bad.wait_for("subscribed")
            publisher.publish(published.values())
            bad.wait_for("waiting 100")
            bad.kill()
        lab.wait_for_rows(100)
        wait_until(lambda: _idle(lab), 20, "no more rows come", interval=0.5)
    assert lab.compare(published) == Rows(missing=100, unknown=0, duplicates=0)


_before: dict[Path, int] = {}


def _idle(lab: Lab) -> bool:
    """Whether no row came since this was asked last, half a second ago."""
    found = lab.total()
    return _before.get(lab.folder) == found or _before.update({lab.folder: found}) is not None
