"""The door to a consumer's database: what cannot be asked is said, and never with a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from procman.adapters import catalogs, database
from procman.core.checks import Unknown
from tests.support.mariadb import mariadb
from tests.support.postgresql import postgresql
from tests.support.supervised import free_port


def refused(url: str, folder: str = "/") -> str:
    """Return why `url` cannot be asked, with what would help."""
    with pytest.raises(Unknown) as caught, database.opened(url, folder):
        pass
    return f"{caught.value}; {caught.value.help}"


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """Looking for a table leaves no empty database behind."""
    assert refused("run/a.db", str(tmp_path)).startswith(f"there is no database file {tmp_path}/run/a.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["a b.db", "sqlite:///a b.db", "sqlite:///{folder}/a b.db", "{folder}/a b.db"])
def test_paths_and_urls_of_a_file_are_one(tmp_path: Path, url: str) -> None:
    """A path within the service's directory, an absolute one, and both as URLs; for reading only."""
    (tmp_path / "a b.db").touch()
    with database.opened(url.format(folder=tmp_path), str(tmp_path)) as connection:
        assert catalogs.table(connection, "t") is None
        assert catalogs.product(connection).startswith("SQLite 3.")
    with pytest.raises(Unknown, match="readonly"):
        write(str(tmp_path))


def write(folder: str) -> None:
    """Try to make a table through a door that only reads."""
    with database.opened("a b.db", folder) as connection:
        connection.exec_driver_sql("CREATE TABLE t (a)")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """Its bytes are not shown."""
    (tmp_path / "a.db").write_bytes(b"no database at all" * 99)
    with (
        pytest.raises(Unknown, match="file is not a database"),
        database.opened("a.db", str(tmp_path)) as connection,
    ):
        catalogs.table(connection, "t")


def test_a_database_of_another_kind_is_told() -> None:
    """What procman cannot inspect is not guessed at."""
    assert "of the kind 'mongodb' cannot be inspected" in refused("mongodb://me:sesame@h/d")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "mariadb", "mysql", "postgresql+psycopg"])
def test_a_server_that_is_away_is_told_without_its_password(scheme: str) -> None:
    """Host and database are named; user and password are not."""
    url = f"{scheme}://me:sesame@127.0.0.1:{free_port()}/d?connect_timeout=3"
    said = refused(url)
    assert f"{scheme}://127.0.0.1:" in said
    assert "sesame" not in said


def test_a_url_that_cannot_be_read_is_not_repeated() -> None:
    """A port that is no number, with the password in front of it."""
    assert "sesame" not in refused("postgresql://me:sesame@h:port/d")


@pytest.mark.slow
def test_a_wrong_password_is_not_shown() -> None:
    """The driver's own words are shown, less the password, also when it is percent-encoded."""
    with mariadb() as server:
        said = refused(server.url.replace("sesame", "open%20it"))
        assert "Access denied" in said
        assert "open it" not in said
        assert "open%20it" not in said
        with database.opened(server.url, "/") as connection:
            assert catalogs.product(connection).startswith("MariaDB 10.")
    with postgresql() as other, database.opened(other.url, "/") as connection:
        assert catalogs.product(connection).startswith("PostgreSQL 1")
