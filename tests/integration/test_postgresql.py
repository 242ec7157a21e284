"""The PostgreSQL server that tests start: what they lean on."""

import psycopg
import pytest

from tests.support.postgresql import postgresql

pytestmark = pytest.mark.slow


def test_server_keeps_what_was_committed_and_drops_connections() -> None:
    """After a stop and a start a committed row is there, and a connection from before is gone."""
    with postgresql() as server, psycopg.connect(server.url) as before:
        before.execute("SELECT 1")
        server.execute("CREATE TABLE kept AS SELECT 7 AS number")
        server.stop()
        server.start()
        assert server.execute("SELECT number FROM kept") == [(7,)]
        with pytest.raises(psycopg.OperationalError):
            before.execute("SELECT 1")
