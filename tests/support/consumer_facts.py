"""What the consumer of an example promises, whatever language it is written in.

A test file subclasses the facts and provides the fixture `lab`.
"""

import json
import os
import random
import re
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.postgresql import Postgresql
from tests.support.tiwater import EXACT, Lab, Message, Publisher, answers, mosquitto, readings
from tests.support.waiting import wait_until

TOPIC = "tiwater/T1/data"
GOOD = b'{"timestamp": "2026-01-01T00:00:00Z", "equipo_id": "E1", "values": {"flow": 1}}'


def _document(**changes: object) -> bytes:
    document = {"timestamp": "2026-01-01T00:00:00Z", "equipo_id": "E1", "values": {"flow": 1}, **changes}
    return json.dumps({name: value for name, value in document.items() if value is not ...}).encode()


BAD: tuple[Message, ...] = (
    *(
        (TOPIC, payload)
        for payload in (
            b"",
            b"{",
            b"\xff\xfe\x00",
            b"\x00" * 100,
            b"null",
            b"[]",
            b'"text"',
            b"NaN",
            b"[" * 100_000,
            b"9" * 5_000,
            b"\xef\xbb\xbf" + GOOD,
            GOOD.replace(b"1}", b"NaN}"),
            GOOD.replace(b"1}", b"1e999}"),
            GOOD.replace(b"E1", b"\\ud800"),
            GOOD.replace(b"E1", b"E\\u0000"),
            _document(timestamp=...),
            _document(timestamp=1767225600),
            _document(timestamp="2026-01-01T00:00:00"),
            _document(timestamp="2026-02-30T00:00:00Z"),
            _document(timestamp="2026-01-01T24:00:00Z"),
            _document(timestamp="0001-01-01T00:00:00+14:00"),
            _document(equipo_id=...),
            _document(equipo_id=""),
            _document(equipo_id=7),
            _document(equipo_id="E" * 129),
            _document(values=...),
            _document(values=[1]),
            _document(values={"nested": {"deep": 1}}),
        )
    ),
    ("tiwater//data", GOOD),
)

# Unusual, and a reading all the same: payload, and the row it becomes.
UNUSUAL: tuple[tuple[bytes, tuple[str, str, str, str]], ...] = (
    (_document(timestamp="2026-01-01T01:30:00+02:00"), ("2025-12-31T23:30:00Z", "T1", "E1", '{"flow":1}')),
    (_document(timestamp="2026-01-01T00:00:00.500Z"), ("2026-01-01T00:00:00.5Z", "T1", "E1", '{"flow":1}')),
    (_document(timestamp="2026-01-01T00:00:00.000000Z"), ("2026-01-01T00:00:00Z", "T1", "E1", '{"flow":1}')),
    (_document(equipo_id="Año 1"), ("2026-01-01T00:00:00Z", "T1", "Año 1", '{"flow":1}')),
    (_document(equipo_id="E2", values={}), ("2026-01-01T00:00:00Z", "T1", "E2", "{}")),
    (_document(equipo_id="E3", extra=[1]), ("2026-01-01T00:00:00Z", "T1", "E3", '{"flow":1}')),
    (
        _document(equipo_id="E4", values={"b": True, "a": None, "c": "x"}),
        ("2026-01-01T00:00:00Z", "T1", "E4", '{"a":null,"b":true,"c":"x"}'),
    ),
)


class StoringFacts:
    """Every published reading becomes exactly one row, in every database."""

    def test_every_reading_becomes_one_row(self, lab: Lab) -> None:
        """500 published readings are 500 rows, none missing and none twice, also when they are published again."""
        published = readings(500)
        with mosquitto(lab.folder, lab.port), lab.consumer() as consumer, Publisher(lab.port) as publisher:
            consumer.wait_for("subscribed")
            publisher.publish([*published.values(), *published.values()])
            assert publisher.confirmed() == 1000
            lab.wait_for_rows(500)
            assert consumer.stop() == 0
        assert lab.compare(published) == EXACT

    def test_kills_neither_lose_nor_repeat_a_reading(self, lab: Lab) -> None:
        """3,000 readings published while the consumer is killed 12 times are 3,000 rows, and bad ones are set aside."""
        published = readings(3000)
        bad = [(TOPIC, b"bad %d" % number) for number in range(60)]
        messages = _mixed([*published.values(), *bad])
        chance = random.Random(1)  # noqa: S311 - a seeded moment, not a secret
        with mosquitto(lab.folder, lab.port), Publisher(lab.port) as publisher:
            with lab.consumer() as consumer:
                consumer.wait_for("subscribed")
            for start in range(0, 3060, 255):
                before = lab.total()
                with lab.consumer() as consumer:
                    publisher.publish(messages[start : start + 255])
                    some = before + chance.randrange(1, 200)
                    lab.wait_for_rows(some, interval=0.002)
                    consumer.kill()
            assert publisher.confirmed() == 3060
            with lab.consumer(log="last.log") as consumer:
                consumer.wait_for("subscribed")
                lab.wait_for_rows(3000)
                lab.wait_for_rows(60, "dead_letters")
                assert consumer.stop() == 0
        assert lab.compare(published) == EXACT
        assert lab.total("dead_letters") == 60

    def test_bad_payloads_are_set_aside(self, lab: Lab) -> None:
        """Any bytes that are no reading are kept as they came, with the reason, and the consumer goes on."""
        with mosquitto(lab.folder, lab.port), lab.consumer() as consumer, Publisher(lab.port) as publisher:
            consumer.wait_for("subscribed")
            publisher.publish([*BAD, (TOPIC, GOOD)])
            lab.wait_for_rows(1)
            assert consumer.stop() == 0
        kept = {(topic, bytes(payload)) for topic, payload in lab.select("SELECT topic, payload FROM dead_letters")}
        assert kept == set(BAD)
        assert lab.select("SELECT 1 FROM dead_letters WHERE reason = '' OR received_at NOT LIKE '20%Z'") == []
        assert lab.total() == 1

    def test_unusual_readings_are_readings(self, lab: Lab) -> None:
        """Offsets, fractions, accents and empty values are stored in one form, the same from every consumer."""
        with mosquitto(lab.folder, lab.port), lab.consumer() as consumer, Publisher(lab.port) as publisher:
            consumer.wait_for("subscribed")
            publisher.publish([(TOPIC, payload) for payload, _row in UNUSUAL])
            lab.wait_for_rows(len(UNUSUAL))
            assert consumer.stop() == 0
        assert set(lab.select("SELECT * FROM readings")) == {row for _payload, row in UNUSUAL}

    def test_correction_replaces_the_value(self, lab: Lab) -> None:
        """A reading published again with other values is the same row with the later values."""
        with mosquitto(lab.folder, lab.port), lab.consumer() as consumer, Publisher(lab.port) as publisher:
            consumer.wait_for("subscribed")
            publisher.publish([(TOPIC, GOOD), (TOPIC, _document(values={"flow": 2}))])
            wait_until(lambda: lab.select('SELECT "values" FROM readings') == [('{"flow":2}',)], 20, "the later value")

    def test_sigterm_drains(self, lab: Lab) -> None:
        """On SIGTERM in full flow the consumer exits 0, and the broker sends again nothing of what was committed."""
        published = readings(2000)
        bad = [(TOPIC, b"bad %d" % number) for number in range(1000)]
        with mosquitto(lab.folder, lab.port), Publisher(lab.port) as publisher:
            with lab.consumer() as consumer:
                consumer.wait_for("subscribed")
                publisher.publish(_mixed([*published.values(), *bad]))
                lab.wait_for_rows(200)
                assert consumer.stop() == 0
            assert lab.total() < 2000, "it was stopped too late to prove anything"
            publisher.confirmed()
            with lab.consumer(log="second.log") as consumer:
                consumer.wait_for("subscribed")
                lab.wait_for_rows(2000)
                lab.wait_for_rows(1000, "dead_letters")
                assert consumer.stop() == 0
        assert lab.compare(published) == EXACT
        assert lab.select("SELECT sum(deliveries) FROM dead_letters") == [(1000,)]

    def test_locked_database_delays_and_loses_nothing(self, lab: Lab) -> None:
        """While another process holds the database the consumer waits and says so; then every reading is there."""
        published = readings(300)
        with mosquitto(lab.folder, lab.port), lab.consumer() as consumer, Publisher(lab.port) as publisher:
            consumer.wait_for("subscribed")
            with lab.database.locked():
                publisher.publish(published.values())
                consumer.wait_for("locked")
                assert lab.total() == 0
            lab.wait_for_rows(300)
            assert consumer.stop() == 0
        assert lab.compare(published) == EXACT

    def test_stop_while_the_database_is_locked(self, lab: Lab) -> None:
        """Told to stop while the database is locked, it ends in time with 75, and the broker keeps every reading."""
        published = readings(300)
        with mosquitto(lab.folder, lab.port), Publisher(lab.port) as publisher:
            with lab.consumer() as consumer:
                consumer.wait_for("subscribed")
                with lab.database.locked():
                    publisher.publish(published.values())
                    consumer.wait_for("locked")
                    assert consumer.stop(timeout=9) == 75
            assert lab.total() == 0
            with lab.consumer():
                lab.wait_for_rows(300)
        assert lab.compare(published) == EXACT

    def test_what_is_in_hand_is_bounded(self, lab: Lab) -> None:
        """Whatever the broker would send at once, 500 messages at most are in one batch, and the rest waits there."""
        published = readings(3000)
        wide = "allow_anonymous true\nmax_inflight_messages 5000"
        with mosquitto(lab.folder, lab.port, wide), lab.consumer() as consumer, Publisher(lab.port) as publisher:
            consumer.wait_for("subscribed")
            with lab.database.locked():
                publisher.publish(published.values())
                assert publisher.confirmed() == 3000
                consumer.wait_for("messages wait", times=2)
            lab.wait_for_rows(3000)
            assert consumer.stop() == 0
        assert {int(count) for count in re.findall(r"(\d+) messages wait", consumer.log())} <= set(range(1, 501))
        assert lab.compare(published) == EXACT

    def test_rows_the_database_refuses_are_set_aside(self, lab: Lab) -> None:
        """A reading the database will never take is set aside with its words; those beside it in the batch are rows."""
        published = readings(70)
        refused = {key for key in published if key[1] == "T3"}
        with mosquitto(lab.folder, lab.port), lab.consumer() as consumer, Publisher(lab.port) as publisher:
            consumer.wait_for("subscribed")
            lab.database.refuse("T3")
            publisher.publish(published.values())
            lab.wait_for_rows(60)
            lab.wait_for_rows(10, "dead_letters")
            assert consumer.stop() == 0
        assert lab.compare(published.keys() - refused) == EXACT
        assert lab.select("SELECT 1 FROM dead_letters WHERE reason NOT LIKE 'the database refuses it: %'") == []


class SqliteFacts:
    """What only a file can do."""

    def test_full_disk_ends_it_without_acknowledging(self, lab: Lab) -> None:
        """When the database cannot grow the consumer exits 74, and with room again every reading is there."""
        published = readings(4000)
        # A file size limit, its signal ignored, fails a write the way a full disk does.
        limited = ("sh", "-c", "trap '' XFSZ; ulimit -f 200; exec \"$@\"", "sh", *lab.command)
        with mosquitto(lab.folder, lab.port), Publisher(lab.port) as publisher:
            with lab.consumer(limited) as consumer:
                consumer.wait_for("subscribed")
                publisher.publish(published.values())
                assert consumer.process.wait(30) == 74
            assert lab.total() < 4000
            publisher.confirmed()
            with lab.consumer():
                lab.wait_for_rows(4000)
        assert lab.compare(published) == EXACT


class PostgresqlFacts:
    """What only a server can do."""

    def test_server_restart_delays_and_loses_nothing(self, lab: Lab, server: Postgresql) -> None:
        """While the server is away the consumer waits and says so; when it is back it goes on by itself."""
        published = readings(2000)
        messages = list(published.values())
        with mosquitto(lab.folder, lab.port), lab.consumer() as consumer, Publisher(lab.port) as publisher:
            consumer.wait_for("subscribed")
            publisher.publish(messages[:1000])
            lab.wait_for_rows(100)
            server.stop()
            publisher.publish(messages[1000:])
            consumer.wait_for("messages wait, unacknowledged")
            server.start()
            lab.wait_for_rows(2000)
            assert consumer.stop() == 0
        assert lab.compare(published) == EXACT

    def test_waits_for_a_server_that_is_not_there_yet(self, lab: Lab, server: Postgresql) -> None:
        """Without its server the consumer says so, without the password, and keeps trying."""
        server.stop()
        address = lab.database.address.replace("procman@", "procman:sesame@")
        with mosquitto(lab.folder, lab.port), lab.consumer(DATABASE=address) as consumer:
            consumer.wait_for("cannot open postgresql://127.0.0.1")
            server.start()
            consumer.wait_for("subscribed")
            assert "sesame" not in consumer.log()
            assert consumer.stop() == 0

    def test_table_without_the_key_ends_it(self, lab: Lab, server: Postgresql) -> None:
        """Where the table has no unique key the consumer ends with 74 and acknowledges nothing."""
        published = readings(50)
        server.execute(
            'CREATE TABLE readings (timestamp timestamptz, codigo_tienda text, equipo_id text, "values" json)'
        )
        server.execute(
            "CREATE TABLE dead_letters (topic text, payload bytea, payload_sha256 text, reason text,"
            " received_at timestamptz, deliveries integer DEFAULT 1)"
        )
        with mosquitto(lab.folder, lab.port), Publisher(lab.port) as publisher:
            with lab.consumer() as consumer:
                consumer.wait_for("subscribed")
                publisher.publish(published.values())
                assert consumer.process.wait(30) == 74
                assert "unique" in consumer.log()
            publisher.confirmed()
            server.execute("ALTER TABLE readings ADD PRIMARY KEY (timestamp, codigo_tienda, equipo_id)")
            with lab.consumer():
                lab.wait_for_rows(50)
        assert lab.compare(published) == EXACT


class BrokerFacts:
    """What the broker does is survived, whatever the database."""

    def test_waits_for_a_broker_that_is_not_there_yet(self, lab: Lab) -> None:
        """Without a broker the consumer says so and keeps trying; when one comes it subscribes."""
        with lab.consumer() as consumer:
            consumer.wait_for("next try in", times=2)
            with mosquitto(lab.folder, lab.port):
                consumer.wait_for("subscribed")
                assert consumer.stop() == 0

    def test_stops_while_the_broker_is_away(self, lab: Lab) -> None:
        """SIGTERM ends a consumer that waits for its broker, with exit code 0."""
        with lab.consumer() as consumer:
            consumer.wait_for("next try in")
            assert consumer.stop(timeout=5) == 0

    def test_broker_restart_is_survived(self, lab: Lab) -> None:
        """After the broker comes back without its sessions the consumer subscribes anew and loses nothing more."""
        published = readings(200)
        first, second = list(published.values())[:100], list(published.values())[100:]
        with lab.consumer() as consumer:
            for messages, rows, times in ((first, 100, 1), (second, 200, 2)):
                with mosquitto(lab.folder, lab.port), Publisher(lab.port) as publisher:
                    consumer.wait_for("subscribed to", times)
                    publisher.publish(messages)
                    publisher.confirmed()
                    lab.wait_for_rows(rows)
            assert consumer.stop() == 0
        assert lab.compare(published) == EXACT

    def test_refused_connection_is_said_and_tried_again(self, lab: Lab) -> None:
        """A broker that refuses the connection is named with the reason, and asked again, without the password."""
        broker = f"mqtt://someone:sesame@127.0.0.1:{lab.port}"
        with lab.consumer(MQTT_BROKER=broker) as consumer:
            with mosquitto(lab.folder, lab.port, "allow_anonymous false"):
                consumer.wait_for("refused")
            with mosquitto(lab.folder, lab.port):
                consumer.wait_for("subscribed")
            assert "sesame" not in consumer.log()

    def test_refused_subscription_is_said_and_tried_again(self, lab: Lab) -> None:
        """A subscription the broker refuses is said and asked for again until it is granted."""
        with _refusing_broker(lab.port), lab.consumer() as consumer:
            consumer.wait_for("refused tiwater/+/data")
            consumer.wait_for("subscribed")

    @pytest.mark.parametrize("broker", ["http://127.0.0.1", "127.0.0.1:1883", "mqtt://host:99999", ""])
    def test_wrong_address_is_a_wrong_setting(self, lab: Lab, broker: str) -> None:
        """An address that cannot be understood ends the consumer with 78 and an example of a right one."""
        with lab.consumer(MQTT_BROKER=broker or "mqtt:") as consumer:
            assert consumer.process.wait(10) == 78
            assert "MQTT_BROKER" in consumer.log()


class SupervisionFacts:
    """Whoever supervises is told how it is, by sd_notify."""

    def test_supervisor_is_told_ready_alive_and_stopping(self, lab: Lab) -> None:
        """Ready once, when the broker has confirmed the subscription; alive again and again; then stopping."""
        address = lab.folder / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
            door.bind(str(address))
            door.settimeout(30)
            with lab.consumer(NOTIFY_SOCKET=str(address), WATCHDOG_USEC="3000000") as consumer:
                consumer.wait_for("next try in")
                assert {_said(door) for _ in range(2)} == {b"WATCHDOG=1"}
                with mosquitto(lab.folder, lab.port):
                    consumer.wait_for("subscribed")
                    told = [_said(door)]
                    while told[-1] != b"READY=1":
                        told.append(_said(door))
                    told += [_said(door) for _ in range(2)]
                    assert consumer.stop() == 0
                    while told[-1] != b"STOPPING=1":
                        told.append(_said(door))
        assert told.count(b"READY=1") == 1
        assert set(told) == {b"READY=1", b"WATCHDOG=1", b"STOPPING=1"}


def _said(door: socket.socket) -> bytes:
    """Return the next thing told. systemd-notify then asks whether all was read, by a descriptor that is closed."""
    while True:
        data, extra, _flags, _from = door.recvmsg(4096, socket.CMSG_SPACE(16))
        for _level, _kind, value in extra:
            os.close(int.from_bytes(value[:4], sys.byteorder))
        if data != b"BARRIER=1":
            return data


def _mixed(messages: list[Message]) -> list[Message]:
    random.Random(2).shuffle(messages)  # noqa: S311 - a seeded order, not a secret
    return messages


@contextmanager
def _refusing_broker(port: int) -> Iterator[None]:
    """Accept a connection, refuse the first subscription, grant the second."""
    with socket.create_server(("127.0.0.1", port)) as server:
        thread = threading.Thread(target=_refuse_then_grant, args=(server,), daemon=True)
        thread.start()
        yield
    wait_until(lambda: not answers(port), 5, "the made-up broker is gone")


def _refuse_then_grant(server: socket.socket) -> None:
    """MQTT 3.1.1 as far as a subscription needs it: CONNACK, SUBACK, PINGRESP."""
    connection, _address = server.accept()
    codes = [0x80, 0x01]
    with connection, connection.makefile("rb") as packets:
        while header := packets.read(2):  # every packet here is shorter than 128 bytes
            body = packets.read(header[1])
            kind = header[0] >> 4
            if kind == 1:
                connection.sendall(b"\x20\x02\x00\x00")
            elif kind == 8:
                code = codes.pop(0) if len(codes) > 1 else codes[0]
                connection.sendall(b"\x90\x03" + body[:2] + bytes([code]))
            elif kind == 12:
                connection.sendall(b"\xd0\x00")
