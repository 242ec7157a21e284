"""The door to a consumer's database, through SQLAlchemy, which is an extra and imported late. Decides nothing.

No message repeats a URL: it may hold a password.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from procman.adapters import installation
from procman.core.checks import Unknown
from procman.core.database_place import file_of
from procman.core.installation import PSYCOPG, PYMYSQL, SQLALCHEMY

if TYPE_CHECKING:
    from sqlalchemy import Connection, TableClause
    from sqlalchemy.engine import Engine

SECONDS = 10
DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
NEEDS = {"postgresql": (PSYCOPG,), "mysql": (PYMYSQL,), "mariadb": (PYMYSQL,)}


def described(database: str) -> str:
    """Return `database` as it may be shown: a path as it is, a URL without user, password and options."""
    if "://" not in database:
        return database
    parts = urlsplit(database)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@contextmanager
def opened(database: str, directory: str, *, write: bool = False) -> Iterator[Connection]:
    """Yield a connection to `database`, a URL or the path of an SQLite file within `directory`. Unknown otherwise.

    Each statement is a transaction of its own. An SQLite file is never made, and opened for reading unless `write`.
    """
    engine = _engine(database, directory, write=write)
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - an extra

    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection
    except SQLAlchemyError as error:
        reason = f"{described(database)} cannot be asked: {_reason(error, database)}"
        raise Unknown(reason, "see that the database runs and that this user may read it") from None
    finally:
        engine.dispose()


def clause(name: str) -> TableClause:
    """Return the table called `name`, or ``schema.name``, for a statement; quoted as the database needs it."""
    from sqlalchemy import table  # noqa: PLC0415 - an extra

    schema, _, last = name.rpartition(".")
    return table(last, schema=schema or None)


def _engine(database: str, directory: str, *, write: bool) -> Engine:
    url, options = _target(database, directory, write=write)
    needs = (SQLALCHEMY, *NEEDS.get(url.partition("+")[0], ()))
    installation.demand(f"{described(database)} cannot be asked", *needs)
    from sqlalchemy import NullPool, create_engine  # noqa: PLC0415 - an extra
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - same

    try:
        return create_engine(url, poolclass=NullPool, connect_args=options)
    except (SQLAlchemyError, ValueError):
        raise Unknown("the URL of the database cannot be understood", "write it as postgresql://HOST/NAME") from None


def _target(database: str, directory: str, *, write: bool) -> tuple[str, dict[str, object]]:
    """Return the URL for SQLAlchemy and what the driver is told."""
    path = file_of(database, directory)
    if path is not None:
        if not os.path.isfile(path):  # noqa: PTH113
            raise Unknown(f"there is no database file {path}", "start the consumer once, so that it makes its tables")
        mode = "rw" if write else "ro"
        return f"sqlite:///file:{quote(path)}?mode={mode}&uri=true", {"timeout": SECONDS}
    scheme, _, rest = database.partition("://")
    known = DRIVERS.get(scheme.partition("+")[0].lower())
    if known is None:
        raise Unknown(
            f"a database of the kind '{scheme}' cannot be inspected", "procman knows SQLite, PostgreSQL and MariaDB"
        )
    return f"{known}://{rest}", {"connect_timeout": SECONDS}


def _reason(error: Exception, database: str) -> str:
    """Return the first line of what the driver said, without what the URL keeps secret."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    text = said[0] if said else type(error).__name__
    password = urlsplit(database).password if "://" in database else None
    for secret in {password, unquote(password)} if password else ():
        text = text.replace(secret, "***")
    return text
