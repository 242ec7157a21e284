"""What a consumer under test has stored, asked in one SQL whatever the database is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import errors

# The tables as SQLite shows them: instants as text, without trailing zeros.
_INSTANT = "to_char({0}::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
_TEXT = f"regexp_replace({_INSTANT}, '\\.?0+$', '') || 'Z'"
_AS_SQLITE = {
    "readings": f'{_TEXT.format("timestamp")} AS timestamp, codigo_tienda, equipo_id, "values"::text',
    "dead_letters": f"topic, payload, reason, {_TEXT.format('received_at')} AS received_at, deliveries",
}


class Database(Protocol):
    """Where a consumer writes."""

    @property
    def address(self) -> str:
        """What the consumer is told."""

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows; none while the tables are not there."""

    def locked(self) -> Any:  # noqa: ANN401 - a context manager; Protocol and contextmanager do not go together
        """Nobody else can write until the end of the block."""

    def refuse(self, tienda: str) -> None:
        """Let the database refuse every row of this tienda from now on."""


@dataclass(frozen=True, slots=True)
class SqliteRows:
    """A file."""

    path: Path

    @property
    def address(self) -> str:
        """The path."""
        return str(self.path)

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows; none while the file or the tables are not there."""
        if not self.path.exists():
            return []
        with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            try:
                return connection.execute(statement).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else can write until the end of the block."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield

    def refuse(self, tienda: str) -> None:
        """Let the database refuse every row of this tienda from now on."""
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=30)) as connection:
            connection.execute(
                f"CREATE TRIGGER no BEFORE INSERT ON readings WHEN new.codigo_tienda = '{tienda}'"
                " BEGIN SELECT raise(ABORT, 'not this one'); END"
            )


@dataclass(frozen=True, slots=True)
class PostgresqlRows:
    """The database of a server, whose address may show or hide a password."""

    address: str

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows; none while the tables are not there."""
        tables = [
            f"{table} AS (SELECT {columns} FROM public.{table})"  # noqa: S608 - constants
            for table, columns in _AS_SQLITE.items()
            if f" {table}" in statement
        ]
        with closing(psycopg.connect(self.address, autocommit=True)) as connection:
            try:
                return connection.execute(f"WITH {', '.join(tables)} {statement}".encode()).fetchall()
            except errors.UndefinedTable:
                return []

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else can write until the end of the block; reading goes on."""
        with closing(psycopg.connect(self.address)) as connection:
            connection.execute("LOCK TABLE public.readings IN EXCLUSIVE MODE")
            yield

    def refuse(self, tienda: str) -> None:
        """Let the database refuse every row of this tienda from now on."""
        with closing(psycopg.connect(self.address, autocommit=True)) as connection:
            connection.execute(f"ALTER TABLE public.readings ADD CHECK (codigo_tienda <> '{tienda}')".encode())
