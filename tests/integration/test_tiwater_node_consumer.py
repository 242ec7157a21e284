"""The node example: the same promises as the Python one, and the same rows."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.api_facts import ApiFacts
from tests.support.consumer_facts import BrokerFacts, PostgresqlFacts, SqliteFacts, StoringFacts, SupervisionFacts
from tests.support.member_facts import MemberFacts
from tests.support.postgresql import Postgresql
from tests.support.recording_broker import RecordingBroker, publication
from tests.support.rows import PostgresqlRows
from tests.support.tiwater import Lab, mosquitto, node_lab, readings
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # the first test may install the packages


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """The node example in a folder of its own."""
    return node_lab(tmp_path)


class TestConsumer(StoringFacts, SqliteFacts, BrokerFacts, MemberFacts, SupervisionFacts):
    """The consumer written for node, on SQLite."""


class TestConsumerOnPostgresql(StoringFacts, PostgresqlFacts):
    """The consumer written for node, on PostgreSQL."""

    @pytest.fixture
    def lab(self, tmp_path: Path, server: Postgresql) -> Lab:
        """The node example on a server."""
        return node_lab(tmp_path, PostgresqlRows(server.url))


class TestApi(ApiFacts):
    """The API written for node."""

    @pytest.fixture
    def api_command(self) -> Sequence[str]:
        """The command of the manifest."""
        return ("node", "src/index.js")


def test_parent_is_told_ready(lab: Lab) -> None:
    """A parent with a channel hears `ready` when the broker has confirmed the subscription, and not before."""
    parent = (
        "const child = require('node:child_process').fork('src/mqtt-consumer.js', { stdio: 'inherit' });"
        "child.on('message', (message) => console.log(`told ${message}`));"
        "process.on('SIGTERM', () => child.kill()); child.on('exit', (code) => process.exit(code));"
    )
    with lab.consumer(("node", "-e", parent)) as consumer:
        consumer.wait_for("next try in")
        assert "told" not in consumer.log()
        with mosquitto(lab.folder, lab.port):
            consumer.wait_for("told ready")
            assert consumer.stop() == 0


def test_acknowledgement_is_not_written_to_another_connection(lab: Lab) -> None:
    """What came before a reconnect is committed and not acknowledged: its packet id names another message by then."""
    (first, second), identifier = readings(2).values(), 7
    with RecordingBroker(lab.port) as broker, lab.consumer() as consumer:
        consumer.wait_for("subscribed")
        with lab.database.locked():
            broker.send(publication(identifier, *first))
            consumer.wait_for("messages wait, unacknowledged")
            broker.drop()
            consumer.wait_for("subscribed", times=2)
            broker.send(publication(identifier, *second))
        lab.wait_for_rows(2)
        assert consumer.stop() == 0
        wait_until(lambda: broker.ended(2), 20, "the second connection is over")
        assert broker.acknowledged == [[], [identifier]]
