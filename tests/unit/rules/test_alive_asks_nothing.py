"""A liveness probe asks nothing."""

from __future__ import annotations

import pytest

from procman.rules import alive_asks_nothing as rule
from tests.support.judging import Told, judged

TEXT = """
    services:
      api: {kind: scalable, command: a, alive: %s}
"""


@pytest.mark.parametrize(
    ("alive", "message", "help_text"),
    [
        ("{interval: 5s}", "'api' has a liveness probe that asks nothing", "`http`, `tcp`, `exec` or `notify`"),
        ("{http: /}", "'api' has a liveness probe and no address to ask", "`listen`, or `exec`"),
        ("{tcp: true}", "'api' has a liveness probe and no address to ask", "`listen`, or `exec`"),
    ],
)
def test_a_probe_that_asks_nothing_is_told(alive: str, message: str, help_text: str) -> None:
    """Without a kind, and without the address of its kind, at the key."""
    assert judged(rule, TEXT % alive) == [
        Told("PM319", "alive-asks-nothing", "warning", message, help_text, "5: alive")
    ]


@pytest.mark.parametrize(
    "alive",
    [
        *("{notify: true}", "{exec: check}", "{tcp: 127.0.0.1:1}"),
        *("{http: /}, listen: 127.0.0.1:1", "{tcp: true}, listen: 127.0.0.1:1"),
    ],
)
def test_a_probe_that_can_ask_is_fine(alive: str) -> None:
    """Notifications and commands need no address; http and tcp have one."""
    assert judged(rule, TEXT % alive) == []
