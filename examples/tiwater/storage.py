"""What storing means to the consumer, whatever the database: two tables, one way to save, three ways to fail.

`storage_sqlite.py` and `storage_postgresql.py` are the databases; the address in DATABASE says which.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from readings import Reading

POSTGRESQL = ("postgresql://", "postgres://")


class DatabaseBusy(Exception):
    """The database is locked or away; the same write may succeed later."""


class DatabaseBroken(Exception):
    """The database cannot be written, and waiting will not mend it."""


class RowsRefused(Exception):
    """The database takes other rows, and never these: a constraint or a type says no."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that is not a reading, kept as it came; `received_at` is RFC 3339 UTC."""

    topic: str
    payload: bytes
    reason: str
    received_at: str

    @property
    def digest(self) -> str:
        """The SHA-256 of the payload: with the topic, the key of a dead letter."""
        return hashlib.sha256(self.payload).hexdigest()


class Store(Protocol):
    """The consumer's door: the tables are there once it is open."""

    def save(self, readings: Sequence[Reading], dead_letters: Sequence[DeadLetter]) -> None:
        """Write all or nothing, on the disk when it returns; else DatabaseBusy, DatabaseBroken or RowsRefused."""

    def close(self) -> None:
        """Let go of the database."""


def open_store(address: str) -> Store:
    """Open postgresql://[user:password@]host/name, or else the SQLite file of that path."""
    if address.startswith(POSTGRESQL):
        from storage_postgresql import PostgresqlStore  # noqa: PLC0415 - psycopg is only needed for it

        return PostgresqlStore(address)
    from storage_sqlite import SqliteStore  # noqa: PLC0415 - the other way round

    return SqliteStore(address)


def without_credentials(address: str) -> str:
    """The address as it may be shown."""
    scheme, mark, rest = address.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else address
