"""An MQTT consumer as many a first version is, and one guard after another: what each is worth alone can be counted.

Environment: DATABASE, MQTT_BROKER, MQTT_TOPIC, MQTT_CLIENT_ID as the example has them, and GUARDS, some of `session`
(persistent), `ack` (after the commit), `key` (unique, with an upsert), `batch` (in memory, committed twice a second);
and no guards: `quick`, commits that a power cut may take back; `brief`, twenty a second; `slow`, none at all.
"""

import json
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

DATABASE, GUARDS = os.environ["DATABASE"], os.environ.get("GUARDS", "").split()
COLUMNS = 'timestamp text, codigo_tienda text, equipo_id text, "values" text'
KEY = "timestamp, codigo_tienda, equipo_id"
EVERY_SECONDS = 0.05 if "brief" in GUARDS else 0.5


class Database:
    """SQLite or PostgreSQL, each row committed on its own unless rows are given together."""

    def __init__(self) -> None:
        """Open it and make the table."""
        self.server = DATABASE.startswith("postgresql://")
        if self.server:
            import psycopg  # noqa: PLC0415 - only for it

            self.connection: Any = psycopg.connect(DATABASE, autocommit=True)
        else:
            Path(DATABASE).parent.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(DATABASE, isolation_level=None, timeout=30, check_same_thread=False)
        if "quick" in GUARDS and self.server:
            self.connection.execute("SET synchronous_commit = off")
        elif "quick" in GUARDS:
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = NORMAL")
        key = f", PRIMARY KEY ({KEY})" if "key" in GUARDS else ""
        self.connection.execute(f"CREATE TABLE IF NOT EXISTS readings ({COLUMNS}{key})")
        mark = "%s" if self.server else "?"
        once = f' ON CONFLICT ({KEY}) DO UPDATE SET "values" = excluded."values"' if "key" in GUARDS else ""
        self.insert = f"INSERT INTO readings VALUES ({mark}, {mark}, {mark}, {mark}){once}"  # noqa: S608 - constants

    def write(self, messages: list[mqtt.MQTTMessage]) -> None:
        """Insert one row per message."""
        if len(messages) > 1:
            self.connection.execute("BEGIN")
        for message in messages:
            reading = json.loads(message.payload)
            row = (reading["timestamp"], message.topic.split("/")[1], reading["equipo_id"], str(reading["values"]))
            self.connection.execute(self.insert, row)
        if len(messages) > 1:
            self.connection.execute("COMMIT")


class Consumer:
    """Subscribes, and writes each message as it comes, or all of half a second."""

    def __init__(self) -> None:
        """Connect."""
        self.database, self.waiting = Database(), list[mqtt.MQTTMessage]()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=os.environ["MQTT_CLIENT_ID"],
            clean_session="session" not in GUARDS,
            manual_ack="ack" in GUARDS,
        )
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", int(os.environ["MQTT_BROKER"].rpartition(":")[2]))

    def run(self) -> None:
        """Until killed."""
        if "batch" not in GUARDS:
            self.client.loop_forever()
        at = time.monotonic() + EVERY_SECONDS
        while True:
            if self.client.loop(0.05) != mqtt.MQTT_ERR_SUCCESS:
                self.client.reconnect()
            if time.monotonic() > at and self.waiting and "slow" not in GUARDS:
                self._write(self.waiting)
                self.waiting.clear()
                at = time.monotonic() + EVERY_SECONDS

    def _write(self, messages: list[mqtt.MQTTMessage]) -> None:
        self.database.write(messages)
        for message in messages:
            self.client.ack(message.mid, message.qos)

    def _on_connect(self, *_: object) -> None:
        self.client.subscribe(os.environ["MQTT_TOPIC"], qos=1)

    def _on_subscribe(self, *_: object) -> None:
        print("subscribed", flush=True)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if "batch" in GUARDS:
            self.waiting.append(message)
            print("waiting", len(self.waiting), flush=True)
        else:
            self._write([message])


if __name__ == "__main__":
    Consumer().run()
