"""SQLite: one door for the consumer, which writes, and one for the API, which reads.

In WAL mode, so that reading never waits for writing. `readings` carries the key that makes a redelivered
message the same row instead of a second one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from readings import Reading
from storage import DatabaseBroken, DatabaseBusy, DeadLetter, RowsRefused

BUSY_SECONDS = 1.0

# NOT NULL is written out: SQLite lets NULL into a primary key, and no two NULLs are equal.
_SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS readings (
        timestamp     TEXT NOT NULL,
        codigo_tienda TEXT NOT NULL,
        equipo_id     TEXT NOT NULL,
        "values"      TEXT NOT NULL,
        PRIMARY KEY (timestamp, codigo_tienda, equipo_id)
    )
    """,
    # The same bytes on the same topic are one row: a device that repeats a bad message must not fill the
    # disk, and a redelivery must not look like a second fault. `deliveries` counts both.
    """
    CREATE TABLE IF NOT EXISTS dead_letters (
        topic          TEXT NOT NULL,
        payload        BLOB NOT NULL,
        payload_sha256 TEXT NOT NULL,
        reason         TEXT NOT NULL,
        received_at    TEXT NOT NULL,
        deliveries     INTEGER NOT NULL DEFAULT 1,
        PRIMARY KEY (topic, payload_sha256)
    )
    """,
)
_UPSERT_READING = """
    INSERT INTO readings (timestamp, codigo_tienda, equipo_id, "values") VALUES (?, ?, ?, ?)
    ON CONFLICT (timestamp, codigo_tienda, equipo_id) DO UPDATE SET "values" = excluded."values"
"""
_UPSERT_DEAD_LETTER = """
    INSERT INTO dead_letters (topic, payload, payload_sha256, reason, received_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (topic, payload_sha256) DO UPDATE SET deliveries = deliveries + 1
"""
_NEWEST = """
    SELECT timestamp, codigo_tienda, equipo_id, "values" FROM readings
    WHERE ?1 IS NULL OR codigo_tienda = ?1
    ORDER BY timestamp DESC, codigo_tienda, equipo_id LIMIT ?2
"""


class SqliteStore:
    """The consumer's door: opens the database, creates its tables, writes batches."""

    def __init__(self, path: str) -> None:
        with _told_apart():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
        try:
            with _told_apart():
                self._connection.execute("PRAGMA journal_mode = WAL")
                # A commit is what allows an acknowledgement, so it must survive a power cut too: NORMAL may
                # lose it.
                self._connection.execute("PRAGMA synchronous = FULL")
                for statement in _SCHEMA:
                    self._connection.execute(statement)
        except BaseException:
            self._connection.close()
            raise

    def save(self, readings: Sequence[Reading], dead_letters: Sequence[DeadLetter]) -> None:
        """Write all or nothing, on the disk when it returns; else DatabaseBusy, DatabaseBroken or RowsRefused."""
        with _told_apart(), self._transaction() as connection:
            connection.executemany(
                _UPSERT_READING, [(r.timestamp, r.codigo_tienda, r.equipo_id, r.values) for r in readings]
            )
            connection.executemany(
                _UPSERT_DEAD_LETTER,
                [(d.topic, d.payload, d.digest, d.reason, d.received_at) for d in dead_letters],
            )

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def newest(path: Path, limit: int, tienda: str | None) -> list[dict[str, Any]]:
    """The newest readings first; none while the consumer has not made the table yet."""
    return [
        {"timestamp": timestamp, "codigo_tienda": code, "equipo_id": equipo, "values": json.loads(values)}
        for timestamp, code, equipo, values in _read(path, "readings", _NEWEST, (tienda, limit))
    ]


def count(path: Path, table: str) -> int:
    """How many rows `readings` or `dead_letters` holds; 0 while the table is not there yet."""
    statements = {
        "readings": "SELECT count(*) FROM readings",
        "dead_letters": "SELECT count(*) FROM dead_letters",
    }
    rows = _read(path, table, statements[table], ())
    return int(rows[0][0]) if rows else 0


def _read(path: Path, table: str, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    if not path.exists():
        return []
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as connection:
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
        if known.fetchone() is None:
            return []
        return connection.execute(statement, values).fetchall()


@contextmanager
def _told_apart() -> Iterator[None]:
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.DataError) as error:
        raise RowsRefused(str(error)) from error
    except sqlite3.OperationalError as error:
        # The low byte is the primary code: BUSY_SNAPSHOT and its kin are busy as well.
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise DatabaseBusy(str(error)) from error
        raise DatabaseBroken(str(error)) from error
    except (sqlite3.Error, OSError) as error:
        raise DatabaseBroken(str(error)) from error
