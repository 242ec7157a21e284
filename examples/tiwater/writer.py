"""Commits batches, however long the database is locked or away, and sets aside what is no reading."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from broker_link import BackOff, Delivery
from readings import BadMessage, Reading, parse
from storage import DatabaseBusy, DeadLetter, RowsRefused, Store, open_store, without_credentials

Answer = TypeVar("Answer")
LOG = logging.getLogger("tiwater.writer")


class ToldToStop(Exception):
    """The process shall end while the database is locked or away; what is in hand is not committed."""


class Patience(Protocol):
    """Who decides how long a database is waited for."""

    def wait(self, seconds: float) -> None:
        """Wait that long; ToldToStop when it is time to give up."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message with what became of it: a reading, or a dead letter."""

    delivery: Delivery
    reading: Reading | None
    reason: str = ""


def opened(address: str, patience: Patience) -> Store:
    """Open the database, however long it is locked or away."""
    return _persist(lambda: open_store(address), patience, f"cannot open {without_credentials(address)} yet")


def commit(store: Store, batch: Sequence[Delivery], patience: Patience) -> None:
    """Write the whole batch; when it returns, all of it may be acknowledged."""
    if batch:
        _save(store, [_judged(delivery) for delivery in batch], patience)


def _save(store: Store, entries: Sequence[Entry], patience: Patience) -> None:
    """One transaction; when the database refuses it, halves, until the message it will never take stands alone."""
    readings = [entry.reading for entry in entries if entry.reading is not None]
    letters = [_letter(entry) for entry in entries if entry.reading is None]
    try:
        _persist(lambda: store.save(readings, letters), patience, f"{len(entries)} messages wait, unacknowledged")
    except RowsRefused as refused:
        if len(entries) > 1:
            middle = len(entries) // 2
            _save(store, entries[:middle], patience)
            _save(store, entries[middle:], patience)
        elif readings:
            _save(store, [_set_aside(entries[0].delivery, f"the database refuses it: {refused}")], patience)
        else:
            raise


def _persist(write: Callable[[], Answer], patience: Patience, meanwhile: str) -> Answer:
    back_off = BackOff(0.1, 1)
    while True:
        try:
            return write()
        except DatabaseBusy as error:
            LOG.warning("%s; %s", error, meanwhile)
            patience.wait(back_off.wait())


def _judged(delivery: Delivery) -> Entry:
    try:
        return Entry(delivery, parse(delivery.topic, delivery.payload))
    except BadMessage as error:
        return _set_aside(delivery, str(error))


def _set_aside(delivery: Delivery, reason: str) -> Entry:
    LOG.warning("set aside a message on %r: %s", delivery.topic, reason)
    return Entry(delivery, None, reason)


def _letter(entry: Entry) -> DeadLetter:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return DeadLetter(entry.delivery.topic, entry.delivery.payload, entry.reason, now)
