"""Which databases are files, and which file is meant."""

from __future__ import annotations

import pytest

from procman.core.database_place import file_of


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ("d.db", "/srv/d.db"),
        ("data/../d.db", "/srv/d.db"),
        ("/var/d.db", "/var/d.db"),
        ("sqlite:///d.db", "/srv/d.db"),
        ("sqlite:////var/d.db", "/var/d.db"),
        ("sqlite:///d.db?timeout=3", "/srv/d.db"),
        ("sqlite+pysqlite:///d.db", "/srv/d.db"),
        ("what?.db", "/srv/what?.db"),
        ("postgresql://me@h/d", None),
        ("postgresql+psycopg://h/d", None),
        ("mysql://h/d.db", None),
        ("mongodb://h/d", None),
    ],
)
def test_a_file_is_known_by_its_whole_path(database: str, expected: str | None) -> None:
    """A path or a URL, relative to the service's folder or not; a server has no file."""
    assert expected == file_of(database, "/srv")
