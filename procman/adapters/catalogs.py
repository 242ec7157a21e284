"""What a database says of a table and its indexes: SQLite, PostgreSQL, and MariaDB or MySQL. Facts; judges nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from procman.core.unique_key import Index, Table

if TYPE_CHECKING:
    from sqlalchemy import Connection

Row = tuple[Any, ...]

_LITE_TABLE = "SELECT type FROM {place}sqlite_master WHERE name = :name COLLATE NOCASE"
_LITE_INDEX = "SELECT sql FROM {place}sqlite_master WHERE name = :name"

_PG_TABLE = """
SELECT c.oid, c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = :name AND CASE WHEN :schema = '' THEN pg_table_is_visible(c.oid) ELSE n.nspname = :schema END
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_PG_COLUMNS = """
SELECT attnum, attname, NOT attnotnull FROM pg_attribute
WHERE attrelid = :oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
# indnullsnotdistinct is there since PostgreSQL 15: asked for through the row, so that an older one has none.
_PG_INDEXES = """
SELECT c.relname, CASE WHEN i.indisprimary THEN 'primary key' WHEN k.contype IS NOT NULL THEN 'constraint'
                       ELSE 'index' END,
       i.indkey::text, i.indnkeyatts, i.indisunique AND NOT i.indisexclusion, pg_get_expr(i.indpred, i.indrelid),
       i.indisvalid AND i.indisready AND i.indislive, i.indimmediate,
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
       ARRAY(SELECT NOT coalesce(l.collisdeterministic, true) FROM unnest(i.indcollation::oid[]) WITH ORDINALITY u(o, n)
             LEFT JOIN pg_collation l ON l.oid = u.o ORDER BY u.n)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
WHERE i.indrelid = :oid ORDER BY c.relname
"""
_PG_KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}

_MY_TABLE = """
SELECT table_type FROM information_schema.tables
WHERE table_name = :name AND table_schema = CASE WHEN :schema = '' THEN database() ELSE :schema END
"""
_MY_COLUMNS = """
SELECT column_name, is_nullable = 'YES', coalesce(collation_name LIKE '%\\_ci', 0) FROM information_schema.columns
WHERE table_name = :name AND table_schema = CASE WHEN :schema = '' THEN database() ELSE :schema END
ORDER BY ordinal_position
"""
_MY_INDEXES = """
SELECT index_name, column_name, non_unique, sub_part FROM information_schema.statistics
WHERE table_name = :name AND table_schema = CASE WHEN :schema = '' THEN database() ELSE :schema END
ORDER BY index_name, seq_in_index
"""


def table(connection: Connection, name: str) -> Table | None:
    """Return what there is of the table `name` (or ``schema.name``), or None."""
    readers = {"sqlite": _sqlite, "postgresql": _postgresql}
    schema, _, last = name.rpartition(".")
    return readers.get(connection.dialect.name, _mysql)(connection, schema, last)


def product(connection: Connection) -> str:
    """Return name and version of what answers, such as ``PostgreSQL 15.18``."""
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}
    name = connection.dialect.name
    if name == "mysql" and getattr(connection.dialect, "is_mariadb", False):
        name = "mariadb"
    version = connection.dialect.server_version_info or ()
    return f"{names.get(name, name)} {'.'.join(str(part) for part in version if isinstance(part, int))}".rstrip()


def _sqlite(connection: Connection, schema: str, name: str) -> Table | None:
    place = f"{_quoted(schema)}." if schema else ""
    kinds = _rows(connection, _LITE_TABLE.format(place=place), {"name": name})
    if not kinds:
        return None
    columns = _rows(connection, f"PRAGMA {place}table_xinfo({_quoted(name)})")
    primary = [column for column in columns if column[5]]
    listed = _rows(connection, f"PRAGMA {place}index_list({_quoted(name)})")
    indexes = [_sqlite_index(connection, place, row) for row in listed]
    nullable = {column[1]: not column[3] for column in columns}
    if len(primary) == 1 and not any(row[3] == "pk" for row in listed):
        nullable[primary[0][1]] = False  # another name for the row's number, which is never NULL
        indexes.append(Index("", "primary key", (primary[0][1],)))
    kind = "table" if kinds[0][0] == "table" else str(kinds[0][0])
    return Table(name, kind, tuple(nullable.items()), tuple(indexes), any_case=True)


def _sqlite_index(connection: Connection, place: str, row: Row) -> Index:
    """Return an index of SQLite: columns of the key are those that `index_xinfo` marks, None for an expression."""
    name, unique, origin, partial = row[1], bool(row[2]), row[3], bool(row[4])
    parts = [part for part in _rows(connection, f"PRAGMA {place}index_xinfo({_quoted(name)})") if part[5]]
    found = _rows(connection, _LITE_INDEX.format(place=place), {"name": name})
    text = str(found[0][0]) if found else ""
    at = text.upper().rfind(" WHERE ")
    return Index(
        name=name,
        kind={"pk": "primary key", "u": "constraint"}.get(origin, "index"),
        columns=tuple(part[2] if part[1] >= 0 else None for part in parts),
        unique=unique,
        where=(" ".join(text[at + len(" WHERE ") :].split()) if at >= 0 else "a condition holds") if partial else None,
        loose=tuple(part[2] for part in parts if part[2] and str(part[4]).upper() == "NOCASE"),
    )


def _postgresql(connection: Connection, schema: str, name: str) -> Table | None:
    found = _rows(connection, _PG_TABLE, {"name": name, "schema": schema})
    if not found:
        return None
    oid, kind = found[0]
    columns = _rows(connection, _PG_COLUMNS, {"oid": oid})
    names = {number: column for number, column, _ in columns}
    indexes = tuple(_pg_index(row, names) for row in _rows(connection, _PG_INDEXES, {"oid": oid}))
    return Table(name, _PG_KINDS[kind], tuple((column, nullable) for _, column, nullable in columns), indexes)


def _pg_index(row: Row, names: dict[int, str]) -> Index:
    name, kind, numbers, count, unique, where, valid, immediate, nulls_equal, loose = row
    columns = tuple(names.get(int(number)) for number in numbers.split()[:count])  # the rest is only stored beside it
    return Index(
        name=name,
        kind=kind,
        columns=columns,
        unique=unique,
        where=where,
        nulls_equal=nulls_equal,
        valid=valid,
        immediate=immediate,
        loose=tuple(c for c, folds in zip(columns, loose, strict=False) if c and folds),
    )


def _mysql(connection: Connection, schema: str, name: str) -> Table | None:
    which = {"name": name, "schema": schema}
    found = _rows(connection, _MY_TABLE, which)
    if not found:
        return None
    columns = _rows(connection, _MY_COLUMNS, which)
    loose = {column for column, _, folds in columns if folds}
    grouped: dict[str, list[Row]] = {}
    for row in _rows(connection, _MY_INDEXES, which):
        grouped.setdefault(row[0], []).append(row)
    kind = "view" if "VIEW" in found[0][0] else "table"
    indexes = tuple(_my_index(index, parts, loose) for index, parts in grouped.items())
    return Table(name, kind, tuple((c, bool(nullable)) for c, nullable, _ in columns), indexes, any_case=True)


def _my_index(name: str, parts: Iterable[Row], loose: set[str]) -> Index:
    rows = list(parts)
    columns = tuple(row[1] for row in rows)
    return Index(
        name=name,
        kind="primary key" if name == "PRIMARY" else "index",
        columns=columns,
        unique=not rows[0][2],
        prefixes=tuple(row[1] for row in rows if row[3] is not None and row[1]),
        loose=tuple(column for column in columns if column in loose),
    )


def _rows(connection: Connection, statement: str, values: Mapping[str, object] | None = None) -> list[Row]:
    from sqlalchemy import text  # noqa: PLC0415 - an extra

    return [tuple(row) for row in connection.execute(text(statement), values or {})]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
