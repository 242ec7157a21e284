"""The MQTT consumer of the example: every published reading becomes exactly one row.

Three things together make that true; none of them is enough alone.
- The broker keeps the session of a fixed client id, so what is published while the consumer is down waits
  for it.
- A message is acknowledged after its row is committed, so a crash at any moment brings it again instead of
  losing it.
- The table has a unique key and rows are upserted, so what comes again changes nothing.

Environment: DATABASE, MQTT_BROKER, MQTT_CA (a file of the authorities to trust), MQTT_TOPIC, MQTT_CLIENT_ID; what
procman says (PROCMAN_MQTT_...) about topics, client id, authorities and leaving goes before. NOTIFY_SOCKET, when set,
is told when it is ready, alive, stopping.
Exit codes: 0 stopped and drained; 74 cannot write the database; 75 stopped while the database is locked or away, or
told to leave and not done in time; 78 settings. After 74 and 75 nothing uncommitted was acknowledged: the next start
receives it again.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from broker_link import BrokerLink, SessionKept
from broker_url import BrokerUrl
from storage import DatabaseBroken, RowsRefused, Store, without_credentials
from supervision import Supervision
from writer import ToldToStop, commit, opened

# All within the 10 s that procman waits before it kills.
LOCKED_AFTER_STOP_SECONDS = 4.0
LEAVE_SECONDS = 8.0

LOG = logging.getLogger("tiwater.consumer")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the manifest says under `env`, and what procman adds from `consumes`."""

    database: str
    broker: BrokerUrl
    ca: str | None
    topics: tuple[str, ...]
    client_id: str
    leave_mark: Path | None

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """ValueError when the broker's address cannot be understood, or the authorities are not there."""
        told = environment.get
        # The address in `env` may hold a password; the one from procman never does.
        broker = told("MQTT_BROKER") or told("PROCMAN_MQTT_BROKER") or "mqtt://127.0.0.1:1883"
        topics = told("PROCMAN_MQTT_TOPICS") or told("MQTT_TOPIC") or "tiwater/+/data"
        ca = told("PROCMAN_MQTT_CA") or told("MQTT_CA") or None
        if ca is not None and not Path(ca).is_file():
            raise ValueError(f"MQTT_CA: there is no file {ca}")
        leave_mark = told("PROCMAN_MQTT_LEAVE")
        try:
            url = BrokerUrl.parse(broker)
        except ValueError as error:
            raise ValueError(f"MQTT_BROKER: {error}") from None
        return cls(
            database=told("DATABASE") or "run/tiwater.db",
            broker=url,
            ca=ca,
            topics=tuple(topics.splitlines()),
            client_id=told("PROCMAN_MQTT_CLIENT_ID") or told("MQTT_CLIENT_ID") or "tiwater-consumer",
            leave_mark=Path(leave_mark) if leave_mark else None,
        )


class Stop:
    """Notes that SIGTERM or SIGINT came, and when; nothing else happens in the handler."""

    def __init__(self, supervision: Supervision) -> None:
        self.at: float | None = None
        self._supervision = supervision
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    @property
    def requested(self) -> bool:
        """Whether to stop taking messages."""
        return self.at is not None

    def longer_ago_than(self, seconds: float) -> bool:
        """Whether the request is that old."""
        return self.at is not None and time.monotonic() > self.at + seconds

    def wait(self, seconds: float) -> None:
        """Wait for the database; ToldToStop when a stop was requested a while ago."""
        if self.longer_ago_than(LOCKED_AFTER_STOP_SECONDS):
            raise ToldToStop("told to stop while the database is locked or away; the broker keeps what is in hand")
        self._supervision.alive()
        time.sleep(seconds)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.at is None:
            self.at = time.monotonic()


def consume(settings: Settings, stop: Stop, supervision: Supervision) -> None:
    """Take, commit, acknowledge, until told to stop; then finish the batch in hand and leave."""
    with closing(opened(settings.database, stop)) as store:
        link = BrokerLink(settings.broker, settings.topics, settings.client_id, settings.ca)
        with closing(link):
            while not stop.requested:
                _turn(link, store, stop)
                supervision.alive()
                if link.subscribed:
                    supervision.ready()
            supervision.stopping()
            leaving = settings.leave_mark is not None and settings.leave_mark.exists()
            if leaving:
                _drain(link, store, stop, supervision)
        if leaving:
            link.end_session()
            LOG.info("left for good; the broker keeps nothing for %s", settings.client_id)
    LOG.info("stopped; everything taken is committed and acknowledged")


def _turn(link: BrokerLink, store: Store, stop: Stop) -> None:
    batch = link.take()
    commit(store, batch, stop)
    link.acknowledge(batch)


def _drain(link: BrokerLink, store: Store, stop: Stop, supervision: Supervision) -> None:
    """Nobody will come back for this session: take what is left in it."""
    link.leave()
    while not link.drained:
        if stop.longer_ago_than(LEAVE_SECONDS):
            raise ToldToStop("told to leave, and not done in time; start it again, or its session keeps messages")
        _turn(link, store, stop)
        supervision.alive()


def main() -> int:
    """Run until SIGTERM; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    supervision = Supervision(os.environ)
    stop = Stop(supervision)
    try:
        settings = Settings.read(os.environ)
    except ValueError as error:
        LOG.error("%s", error)  # noqa: TRY400 - the sentence says it all
        return os.EX_CONFIG
    try:
        consume(settings, stop, supervision)
    except (ToldToStop, SessionKept) as told:
        LOG.error("%s", told)  # noqa: TRY400
        return os.EX_TEMPFAIL
    except (DatabaseBroken, RowsRefused) as error:
        database = without_credentials(settings.database)
        LOG.error("cannot write %s: %s; the broker keeps the rest", database, error)  # noqa: TRY400
        return os.EX_IOERR
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
