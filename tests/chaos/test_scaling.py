"""Scaling by procman under kills, in small; `bench/consumers.py` in full."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.scaling import Scaling
from tests.support.members import Shop
from tests.support.postgresql import postgresql
from tests.support.projects import project
from tests.support.rows import Database, PostgresqlRows
from tests.support.tiwater import Lab, free_port, mosquitto, node_lab, python_lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


FAULTS = ("supervisord", "command", "members")


def test_scaling_by_python_into_sqlite_under_kills_is_exact() -> None:
    """Three members and one again, with members, supervisord and the command killed: each message is one row."""
    _scaled(python_lab, None, seed=3)


def test_scaling_by_node_into_postgresql_under_kills_is_exact() -> None:
    """The same for node and a server."""
    with postgresql() as server:
        _scaled(node_lab, PostgresqlRows(server.url), seed=4)


def _scaled(make: Callable[[Path, Database | None], Lab], database: Database | None, seed: int) -> None:
    with project() as shop:
        port = free_port()
        with mosquitto(shop.folder, port, "allow_anonymous true\nsys_interval 1"):
            done = Scaling(Shop(shop, port, make(shop.folder, database)), seed, FAULTS).run(2)
    assert done.exact, str(done)
    assert {"supervisord", "command", "member"} == set(done.kills), str(done)
