"""PostgreSQL for the consumer: the tables of the SQLite example, written in one statement per batch.

A server that is restarted, fails over or cannot be reached delays the consumer; it connects again by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import errors
from readings import Reading
from storage import DatabaseBroken, DatabaseBusy, DeadLetter, RowsRefused

# A commit is what allows an acknowledgement, so it must be on the disk, whatever the server's own setting. A lock
# that somebody holds is waited for by the consumer, which can be told to stop meanwhile.
_SESSION = "-c synchronous_commit=on -c lock_timeout=1s"
# Without these a server that vanished from the network is noticed after a quarter of an hour.
_NETWORK = {"connect_timeout": 3, "keepalives_idle": 10, "keepalives_interval": 5, "tcp_user_timeout": 10_000}

# "values" is json, not jsonb, which refuses what JSON allows (a text with the character 0).
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS readings (
        timestamp     timestamptz NOT NULL,
        codigo_tienda text NOT NULL,
        equipo_id     text NOT NULL,
        "values"      json NOT NULL,
        PRIMARY KEY (timestamp, codigo_tienda, equipo_id)
    );
    CREATE TABLE IF NOT EXISTS dead_letters (
        topic          text NOT NULL,
        payload        bytea NOT NULL,
        payload_sha256 text NOT NULL,
        reason         text NOT NULL,
        received_at    timestamptz NOT NULL,
        deliveries     integer NOT NULL DEFAULT 1,
        PRIMARY KEY (topic, payload_sha256)
    )
"""
_KNOWN = "SELECT to_regclass('readings') IS NOT NULL AND to_regclass('dead_letters') IS NOT NULL"
# Two members that start at once must not create the tables at once: IF NOT EXISTS does not hold against that.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('tiwater schema'))"
_UPSERT_READINGS = """
    INSERT INTO readings (timestamp, codigo_tienda, equipo_id, "values")
    SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::json[])
    ON CONFLICT (timestamp, codigo_tienda, equipo_id) DO UPDATE SET "values" = excluded."values"
"""
_UPSERT_DEAD_LETTER = """
    INSERT INTO dead_letters (topic, payload, payload_sha256, reason, received_at) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (topic, payload_sha256) DO UPDATE SET deliveries = dead_letters.deliveries + 1
"""


class PostgresqlStore:
    """The consumer's door: one connection, opened again when it was lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection | None = None
        with self._connected() as connection:
            if connection.execute(_KNOWN).fetchone() != (True,):
                connection.execute(_ONE_AT_A_TIME)
                connection.execute(_SCHEMA)

    def save(self, readings: Sequence[Reading], dead_letters: Sequence[DeadLetter]) -> None:
        """Write all or nothing, on the disk when it returns; else DatabaseBusy, DatabaseBroken or RowsRefused."""
        # One statement may not touch a row twice: of readings with one key the last counts. And members that write
        # the same rows must take them in one order, or each waits for the other.
        last = {(r.timestamp, r.codigo_tienda, r.equipo_id): r.values for r in readings}
        rows = sorted(last.items())
        with self._connected() as connection:
            if rows:
                columns = [*zip(*(key for key, _values in rows), strict=True), [values for _key, values in rows]]
                connection.execute(_UPSERT_READINGS, [list(column) for column in columns])
            for letter in sorted(dead_letters, key=lambda each: (each.topic, each.digest)):
                # MQTT forbids the character 0 in a topic, and PostgreSQL in a text.
                topic = letter.topic.replace("\0", "\N{REPLACEMENT CHARACTER}")
                row = (topic, letter.payload, letter.digest, letter.reason, letter.received_at)
                connection.execute(_UPSERT_DEAD_LETTER, row)

    def close(self) -> None:
        """Let go of the server."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        """A transaction, committed at the end; every failure is told as one of the three."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._url, options=_SESSION, **_NETWORK)
            with self._connection.transaction():
                yield self._connection
        except errors.LockNotAvailable as error:
            raise DatabaseBusy(f"the database is locked: {_first_line(error)}") from error
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            raise RowsRefused(_first_line(error)) from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise DatabaseBusy(_first_line(error)) from error
        except psycopg.Error as error:
            raise DatabaseBroken(_first_line(error)) from error


def _first_line(error: psycopg.Error) -> str:
    return str(error).partition("\n")[0]
