"""What real databases say of real tables: 30 shapes and more on each, every one refused for its own reason."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from procman.adapters import catalogs, database
from procman.core.unique_key import Answer, judge
from tests.support.mariadb import mariadb
from tests.support.postgresql import postgresql

pytestmark = pytest.mark.slow

KEY = ("ts", "shop", "device")
ON = "(ts, shop, device)"


@dataclass(frozen=True, slots=True)
class Shape:
    """A table: its columns, statements after it, and a word of the reason it is refused for; none when it is good."""

    name: str
    columns: str
    then: tuple[str, ...] = ()
    reason: str | None = None
    key: tuple[str, ...] = KEY


FULL = "ts bigint NOT NULL, shop varchar(20) NOT NULL, device varchar(20) NOT NULL, v integer"
OPEN = "ts bigint, shop varchar(20), device varchar(20), v integer"
HALF = "ts bigint NOT NULL, shop varchar(20), device varchar(20) NOT NULL, v integer"
UNIQUE = f"CREATE UNIQUE INDEX {{t}}_u ON {{t}} {ON}"

ANYWHERE = (
    Shape("a unique index", FULL, (UNIQUE,)),
    Shape("columns in another order", FULL, ("CREATE UNIQUE INDEX {t}_u ON {t} (device, ts, shop)",)),
    Shape("descending", FULL, ("CREATE UNIQUE INDEX {t}_u ON {t} (ts DESC, shop, device)",)),
    Shape("a constraint", f"{FULL}, UNIQUE {ON}"),
    Shape("a named constraint", f"{FULL}, CONSTRAINT {{t}}_n UNIQUE {ON}"),
    Shape("a primary key", f"{FULL}, PRIMARY KEY {ON}"),
    Shape("a second unique index beside a number", f"id integer PRIMARY KEY, {FULL}, UNIQUE {ON}"),
    Shape("an unrelated unique column", f"{FULL}, serial integer UNIQUE, UNIQUE {ON}"),
    Shape("a key of one column", "ts bigint NOT NULL UNIQUE, v integer", key=("ts",)),
    Shape("a number that is the key", "ts bigint NOT NULL PRIMARY KEY, v integer", key=("ts",)),
    Shape("nothing", FULL, reason="no unique index on (ts, shop, device)"),
    Shape("a plain index", FULL, (UNIQUE.replace("UNIQUE ", ""),), "it is not unique"),
    Shape("all nullable", OPEN, (UNIQUE,), "'device', 'shop', 'ts' may be NULL"),
    Shape("one nullable", HALF, (UNIQUE,), "'shop' may be NULL"),
    Shape("a nullable constraint", f"{HALF}, UNIQUE {ON}", reason="'shop' may be NULL"),
    Shape("wider by the value", FULL, ("CREATE UNIQUE INDEX {t}_u ON {t} (ts, shop, device, v)",), "it is wider"),
    Shape("wider by a number", f"id integer, {FULL}, PRIMARY KEY (id, ts, shop, device)", reason="it is wider"),
    Shape("narrower: the time", FULL, ("CREATE UNIQUE INDEX {t}_u ON {t} (ts)",), "it is narrower"),
    Shape("narrower: two of three", f"{FULL}, UNIQUE (ts, shop)", reason="it is narrower"),
    Shape("narrower primary key", f"{FULL}, PRIMARY KEY (ts, device)", reason="it is narrower"),
    Shape("narrower beside a good one", f"{FULL}, UNIQUE {ON}, UNIQUE (ts, device)", reason="it is narrower"),
    Shape("other columns", f"{FULL}, a integer, UNIQUE (ts, shop, a)", reason="it is on other columns"),
    Shape("only the number is unique", f"id integer PRIMARY KEY, {FULL}", reason="no unique index on"),
    Shape("three indexes instead of one", FULL, tuple(f"CREATE INDEX {{t}}_{c} ON {{t}} ({c})" for c in KEY), "not u"),
    Shape("a column is called otherwise", FULL.replace("shop", "store"), reason="has no column 'shop'"),
    Shape("a view", f"{FULL}, UNIQUE {ON}", ("CREATE VIEW {t}_v AS SELECT * FROM {t}",), "is a view"),
)

PARTIAL = (
    Shape("partial", FULL, (f"{UNIQUE} WHERE v > 0",), "it is partial, where"),
    Shape("partial on what is always so", FULL, (f"{UNIQUE} WHERE ts IS NOT NULL",), "it is partial, where"),
    Shape("an expression", FULL, ("CREATE UNIQUE INDEX {t}_u ON {t} (ts, lower(shop), device)",), "an expression"),
    Shape("only expressions", FULL, ("CREATE UNIQUE INDEX {t}_u ON {t} (lower(shop), lower(device))",), "an expres"),
)

SQLITE = (
    *ANYWHERE,
    *PARTIAL,
    Shape("a primary key that may be NULL", f"{OPEN}, PRIMARY KEY {ON}", reason="may be NULL, and no two NULLs"),
    Shape("without rowid", f"{OPEN}, PRIMARY KEY {ON}) WITHOUT ROWID --"),
    Shape("strict", f"ts INTEGER NOT NULL, shop TEXT NOT NULL, device TEXT NOT NULL, PRIMARY KEY {ON}) STRICT --"),
    Shape("on conflict replace", f"{FULL}, UNIQUE {ON} ON CONFLICT REPLACE"),
    Shape("names in other case", FULL.upper(), ("CREATE UNIQUE INDEX {t}_u ON {t} (TS, Shop, DEVICE)",)),
    Shape("a primary key that is no row's number", "ts bigint PRIMARY KEY", key=("ts",), reason="may be NULL"),
    Shape("another name of the row's number", "ts INTEGER PRIMARY KEY, v integer", key=("ts",)),
    Shape(
        "a virtual table", "", ("DROP TABLE {t}", "CREATE VIRTUAL TABLE {t} USING fts5(ts, shop, device)"), "no uniq"
    ),
)

POSTGRESQL = (
    *ANYWHERE,
    *PARTIAL,
    Shape("nulls not distinct", OPEN, (f"{UNIQUE} NULLS NOT DISTINCT",)),
    Shape("the rest is stored beside it", FULL, (f"{UNIQUE} INCLUDE (v)",)),
    Shape(
        "a key column is only stored beside it", FULL, ("CREATE UNIQUE INDEX {t}_u ON {t} (ts) INCLUDE (shop)",), "narr"
    ),
    Shape("made concurrently", FULL, (UNIQUE.replace("INDEX", "INDEX CONCURRENTLY"),)),
    Shape("deferrable", f"{FULL}, UNIQUE {ON} DEFERRABLE", reason="it is deferrable"),
    Shape("deferred", f"{FULL}, UNIQUE {ON} DEFERRABLE INITIALLY DEFERRED", reason="it is deferrable"),
    Shape("a deferrable primary key", f"{FULL}, PRIMARY KEY {ON} DEFERRABLE", reason="it is deferrable"),
    Shape(
        "invalid",
        FULL,
        (
            "INSERT INTO {t} VALUES (1, 'a', 'b', 1), (1, 'a', 'b', 2)",
            f"!{UNIQUE.replace('INDEX', 'INDEX CONCURRENTLY')}",
        ),
        "it is invalid",
    ),
    Shape("an exclusion", f"{FULL}, EXCLUDE USING btree (ts WITH =, shop WITH =, device WITH =)", reason="not unique"),
    Shape("partitioned", f"{FULL}, PRIMARY KEY {ON}) PARTITION BY RANGE (ts", reason=None),
    Shape(
        "partitioned, and a partition lacks it",
        FULL + ") PARTITION BY RANGE (ts",
        (
            "CREATE TABLE {t}_p PARTITION OF {t} FOR VALUES FROM (0) TO (9)",
            f"CREATE UNIQUE INDEX {{t}}_u ON ONLY {{t}} {ON}",
        ),
        "it is invalid",
    ),
    Shape("a materialized view", FULL, ("CREATE MATERIALIZED VIEW {t}_v AS SELECT * FROM {t}",), "is a materialized v"),
    Shape("names in other case", FULL.replace("shop", '"Shop"'), reason="has no column 'shop'"),
)

MARIADB = (
    *ANYWHERE,
    Shape(
        "a prefix", FULL, ("CREATE UNIQUE INDEX {t}_u ON {t} (ts, shop(3), device)",), "only the beginning of 'shop'"
    ),
    Shape("names in other case", FULL.upper(), (UNIQUE,)),
    Shape("compared byte by byte", FULL.replace("varchar(20)", "varbinary(20)"), (UNIQUE,)),
)


def answer(server: Connection, shape: Shape) -> Answer:
    """Make the table of `shape`, look at it and drop it."""
    name = f"t{uuid.uuid4().hex[:10]}"
    columns = shape.columns.format(t=name)
    server.execute(text(f"CREATE TABLE {name} ({columns or 'x integer'})"))
    for statement in shape.then:
        try:
            server.execute(text(statement.lstrip("!").format(t=name)))
        except SQLAlchemyError:
            if not statement.startswith("!"):
                raise
    looked = f"{name}_v" if any("VIEW" in statement for statement in shape.then) else name
    try:
        return judge(catalogs.table(server, looked), looked, shape.key)
    finally:
        if looked != name:
            server.execute(text(f"DROP {'MATERIALIZED ' if 'mat' in shape.name else ''}VIEW {looked}"))
        server.execute(text(f"DROP TABLE {name}"))


def check(server: Connection, shape: Shape) -> None:
    """The verdict, and the reason, are those of the shape."""
    found = answer(server, shape)
    assert (shape.reason is None) == found.effective, found.evidence
    assert (shape.reason or " on (") in found.evidence, found.evidence
    assert "t_" not in found.evidence.replace("_u", "")


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """An SQLite file."""
    folder = tmp_path_factory.mktemp("sqlite")
    Path(folder, "a.db").touch()
    with database.opened("a.db", str(folder), write=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def postgres() -> Iterator[Connection]:
    """A PostgreSQL server."""
    with postgresql() as server, database.opened(server.url, "/") as connection:
        yield connection


@pytest.fixture(scope="module")
def maria() -> Iterator[Connection]:
    """A MariaDB server."""
    with mariadb() as server, database.opened(server.url, "/") as connection:
        yield connection


def named(shapes: tuple[Shape, ...]) -> pytest.MarkDecorator:
    """One test for each shape, under its name."""
    return pytest.mark.parametrize("shape", [pytest.param(shape, id=shape.name) for shape in shapes])


@named(SQLITE)
def test_sqlite_shapes(sqlite: Connection, shape: Shape) -> None:
    """Each shape of a table in SQLite is told for what it is."""
    check(sqlite, shape)


@named(POSTGRESQL)
def test_postgresql_shapes(postgres: Connection, shape: Shape) -> None:
    """Each shape of a table in PostgreSQL is told for what it is."""
    check(postgres, shape)


@named(MARIADB)
def test_mariadb_shapes(maria: Connection, shape: Shape) -> None:
    """Each shape of a table in MariaDB is told for what it is."""
    check(maria, shape)
