"""Canary readings through the real path: published, their rows counted and removed again. Judges nothing."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from procman.adapters import broker, database
from procman.core.broker_place import BrokerPlace
from procman.core.canary_facts import READINGS, TAG, Flight, reading
from procman.core.manifest import Canary, Dedup

if TYPE_CHECKING:
    from sqlalchemy import Connection

POLL = 0.05
QUIET = 0.7
PATIENCE = 10.0


def fly(place: BrokerPlace, version: int, canary: Canary, dedup: Dedup, directory: str, qos: int) -> Flight:
    """Send the canaries, wait for their rows and remove them. Unknown when broker or database cannot be asked."""
    tag = f"{TAG}{uuid.uuid4().hex[:10]}"
    with (
        database.opened(dedup.database, directory, write=True) as connection,
        broker.Link(place, version=version) as link,
    ):
        rows = _Rows(connection, dedup.table, canary.column, tag)
        flown = Flight(READINGS, 0, None)
        try:
            messages = [reading(canary, tag, number) for number in range(READINGS)]
            nobody = broker.NO_SUBSCRIBERS in link.publish(messages, max(qos, 1))
            once = rows.settled(READINGS)
            again = None
            if once >= READINGS:
                # What was sent again has been dealt with when one more, sent behind it, is there.
                link.publish([*messages, reading(canary, tag, READINGS)], max(qos, 1))
                again = rows.settled(once + 1)
            flown = Flight(READINGS, once, again, nobody)
        finally:
            left = rows.remove()
    return Flight(flown.sent, flown.once, flown.again, flown.nobody, left)


class _Rows:
    """The rows of one flight."""

    def __init__(self, connection: Connection, table: str, column: str, tag: str) -> None:
        from sqlalchemy import column as named  # noqa: PLC0415 - an extra

        self._connection = connection
        self._table = database.clause(table)
        self._mine = named(column) == tag

    def count(self) -> int:
        """Return how many there are."""
        from sqlalchemy import func, select  # noqa: PLC0415 - an extra

        found = self._connection.execute(select(func.count()).select_from(self._table).where(self._mine))
        return int(found.scalar_one())

    def settled(self, wanted: int) -> int:
        """Wait until there are `wanted` rows and no more come, and return how many there are."""
        deadline = time.monotonic() + PATIENCE
        seen, since = self.count(), time.monotonic()
        while time.monotonic() < deadline and (seen < wanted or time.monotonic() - since < QUIET):
            time.sleep(POLL)
            now = self.count()
            if now != seen:
                seen, since = now, time.monotonic()
        return seen

    def remove(self) -> int:
        """Delete the rows, also those that still come, and return how many are left."""
        from sqlalchemy import delete  # noqa: PLC0415 - an extra

        until = time.monotonic() + QUIET
        while True:
            self._connection.execute(delete(self._table).where(self._mine))
            if time.monotonic() >= until:
                return self.count()
            time.sleep(POLL)
