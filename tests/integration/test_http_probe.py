"""A connection that is asked for and over before anybody could see who took it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from procman.runtime.http_answer import Good
from procman.runtime.http_probe import Http
from procman.runtime.probe import Subject
from procman.runtime.sockets import Address
from procman.runtime.tap import Tap
from tests.support.waiting import wait_until

PATIENCE = 40.0


@pytest.fixture(name="listener")
def _listener() -> Iterator[socket.socket]:
    """A listening socket of this process."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def subject(pid: int, *, alone: bool) -> Subject:
    """The process `pid`, without descendants."""

    def tap(_hear: object) -> Tap:
        raise AssertionError("nothing is heard")

    return Subject(pid, lambda: [pid], lambda: True, list, lambda *_: None, tap, lambda: alone)


@pytest.mark.parametrize(
    ("own", "alone", "mine", "passes"),
    [
        (True, True, True, True),
        (True, False, True, False),
        (False, True, True, True),
        (False, True, False, False),
    ],
)
def test_who_hangs_up_at_once_is_known_where_it_can_be(
    listener: socket.socket, own: bool, alone: bool, mine: bool, passes: bool
) -> None:
    """On a slot's socket by being the only process of its unit, else by having the listening socket."""
    asked = subject(os.getpid() if mine else os.getppid(), alone=alone)
    probe = Http(Address("127.0.0.1", listener.getsockname()[1]), None, Good(), PATIENCE, own=own)
    assert not probe.look(asked), "nobody has accepted yet"
    listener.accept()[0].close()
    seen: list[bool] = []

    def told() -> bool:
        seen.append(probe.look(asked))
        return seen[-1] or not probe.busy or probe.awaits.endswith(("accepts there", "no answer yet"))

    wait_until(told, PATIENCE, "it is over")
    assert seen[-1] == passes
    probe.end()
