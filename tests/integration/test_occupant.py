"""Who has a port: found among however many processes, though one search looks at a few."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from procman.runtime import procfs
from procman.runtime.occupant import Occupants
from tests.support.tiwater import free_port


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_search_goes_on_where_it_broke_off(taken: int) -> None:
    """With time for one process at each search all are looked at in turn, and what was found is found at once."""
    occupants = Occupants(0)
    mine = f"process {os.getpid()} ("
    tries = 4 * len(procfs.pids()) + 100  # some may come meanwhile
    asked = next(number for number in range(tries) if (occupants.find(taken) or "").startswith(mine))
    assert asked > 0
    assert (occupants.find(taken) or "").startswith(mine)


def test_port_of_nobody_has_no_occupant() -> None:
    """Where nobody listens nobody is named."""
    assert Occupants(60).find(free_port()) is None
