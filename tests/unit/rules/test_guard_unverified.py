"""Consumers that share one group which nobody has verified."""

from __future__ import annotations

from procman.rules import guard_unverified as rule
from tests.support.judging import judged

TWO = """
    services:
      east: {kind: singleton, command: a, consumes: {broker: "mqtt://shop-server", topics: ["t/#"], share: g}}
      west: {kind: singleton, command: b, consumes: {broker: "mqtt://127.0.0.1", topics: ["t/#"], share: g}}
"""


def test_names_of_this_host_are_one_broker() -> None:
    """One names the broker by this host's name, one by its address: both are told to be in one group."""
    assert judged(rule, TWO) == []
    (told,) = judged(rule, TWO, names=frozenset({"shop-server"}))
    assert told.message == "'west' shares topics with 'east' in one group that is not verified"
