"""Fixtures of the integration tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.launching import Bench, bench
from tests.support.postgresql import Postgresql, postgresql


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Iterator[Bench]:
    """Specs, managers and launchers of one test; all ended after it."""
    with bench(tmp_path) as made:
        yield made


@pytest.fixture(name="server")
def _server(postgresql_of_module: Postgresql) -> Iterator[Postgresql]:
    """The module's PostgreSQL with an empty database, running before and after the test."""
    server = postgresql_of_module
    server.execute("DROP SCHEMA public CASCADE")
    server.execute("CREATE SCHEMA public")
    yield server
    if server.process is None:
        server.start()


@pytest.fixture(name="postgresql_of_module", scope="module")
def _postgresql_of_module() -> Iterator[Postgresql]:
    """One server for all tests of a module."""
    with postgresql() as server:
        yield server
