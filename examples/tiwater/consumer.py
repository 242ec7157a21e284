"""The MQTT consumer of the example: every published reading becomes exactly one row.

Three things together make that true; none of them is enough alone.
- The broker keeps the session of a fixed client id, so what is published while the consumer is down waits
  for it.
- A message is acknowledged after its row is committed, so a crash at any moment brings it again instead of
  losing it.
- The table has a unique key and rows are upserted, so what comes again changes nothing.

Environment: DATABASE, MQTT_BROKER, MQTT_TOPIC, MQTT_CLIENT_ID.
Exit codes: 0 stopped and drained; 74 cannot write the database; 75 stopped while it is locked; 78 settings.
After 74 and 75 nothing uncommitted was acknowledged: the next start receives it again.
"""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from broker_link import BackOff, BrokerLink, Delivery
from broker_url import BrokerUrl
from readings import BadMessage, Reading, parse
from storage import DatabaseBusy, DeadLetter, Store

LOCKED_AFTER_STOP_SECONDS = 4.0  # well within the 10 s that procman waits before it kills

LOG = logging.getLogger("tiwater.consumer")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the manifest says under `env`."""

    database: Path
    broker: BrokerUrl
    topic: str
    client_id: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """ValueError when the broker's address cannot be understood."""
        return cls(
            database=Path(environment.get("DATABASE", "run/tiwater.db")),
            broker=BrokerUrl.parse(environment.get("MQTT_BROKER", "mqtt://127.0.0.1:1883")),
            topic=environment.get("MQTT_TOPIC", "tiwater/+/data"),
            client_id=environment.get("MQTT_CLIENT_ID", "tiwater-consumer"),
        )


class Stop:
    """Notes that SIGTERM or SIGINT came, and when; nothing else happens in the handler."""

    def __init__(self) -> None:
        self.at: float | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    @property
    def requested(self) -> bool:
        """Whether to stop taking messages."""
        return self.at is not None

    def longer_ago_than(self, seconds: float) -> bool:
        """Whether the request is that old."""
        return self.at is not None and time.monotonic() > self.at + seconds

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.at is None:
            self.at = time.monotonic()


def consume(settings: Settings, stop: Stop) -> int:
    """Take, commit, acknowledge, until told to stop; then finish the batch in hand and leave."""
    store = _open(settings.database, stop)
    if store is None:
        return os.EX_TEMPFAIL
    link = BrokerLink(settings.broker, settings.topic, settings.client_id)
    with closing(store), closing(link):
        while not stop.requested:
            batch = link.take()
            if not _commit(store, batch, stop):
                return os.EX_TEMPFAIL
            link.acknowledge(batch)
    LOG.info("stopped; everything taken is committed and acknowledged")
    return os.EX_OK


def _commit(store: Store, batch: Sequence[Delivery], stop: Stop) -> bool:
    """Commit the batch, however long the database is locked; False when told to stop meanwhile."""
    if not batch:
        return True
    readings, dead_letters = _sort(batch)
    back_off = BackOff(0.1, 1)
    while not stop.longer_ago_than(LOCKED_AFTER_STOP_SECONDS):
        try:
            store.save(readings, dead_letters)
        except DatabaseBusy as error:
            LOG.warning("%s; %d messages wait, unacknowledged", error, len(batch))
            time.sleep(back_off.wait())
        else:
            return True
    LOG.error("told to stop while the database is locked; the broker keeps %d messages", len(batch))
    return False


def _sort(batch: Sequence[Delivery]) -> tuple[list[Reading], list[DeadLetter]]:
    """Readings, and what is none of them with the reason."""
    readings, dead_letters = [], []
    for delivery in batch:
        try:
            readings.append(parse(delivery.topic, delivery.payload))
        except BadMessage as error:
            LOG.warning("set aside a message on %r: %s", delivery.topic, error)
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            dead_letters.append(DeadLetter(delivery.topic, delivery.payload, str(error), now))
    return readings, dead_letters


def _open(path: Path, stop: Stop) -> Store | None:
    """Open the database, however long it is locked; None when told to stop meanwhile."""
    back_off = BackOff(0.1, 1)
    while not stop.requested:
        try:
            return Store(path)
        except DatabaseBusy as error:
            LOG.warning("cannot open %s yet: %s", path, error)
            time.sleep(back_off.wait())
    return None


def main() -> int:
    """Run until SIGTERM; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    stop = Stop()
    try:
        settings = Settings.read(os.environ)
    except ValueError as error:
        LOG.error("MQTT_BROKER: %s", error)  # noqa: TRY400 - the sentence says it all
        return os.EX_CONFIG
    try:
        return consume(settings, stop)
    except (sqlite3.Error, OSError) as error:
        LOG.error("cannot write %s: %s; the broker keeps the rest", settings.database, error)  # noqa: TRY400
        return os.EX_IOERR


if __name__ == "__main__":
    sys.exit(main())
