"""Where a consumer's rows lie: whether a database is a file, and which. Pure."""

from __future__ import annotations

from posixpath import join, normpath


def file_of(database: str, directory: str) -> str | None:
    """Return the whole path of an SQLite file, a path within `directory` or a URL of one; None for a server."""
    scheme, mark, rest = database.partition("://")
    if mark and scheme.partition("+")[0] != "sqlite":
        return None
    return normpath(join(directory, rest.partition("?")[0].removeprefix("/") if mark else database))
