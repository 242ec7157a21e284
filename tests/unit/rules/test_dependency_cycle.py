"""Services wait for each other."""

from __future__ import annotations

import pytest

from procman.rules import dependency_cycle as rule
from tests.support.judging import Told, judged

RING = """
    services:
      c: {kind: scalable, command: a, depends_on: {a: started}}
      a: {kind: scalable, command: a, depends_on: {b: ready}}
      b: {kind: scalable, command: a, depends_on: {a: completed, d: started}}
      d: {kind: scalable, command: a}
"""


def test_a_cycle_is_told_once_at_its_first_service() -> None:
    """The whole way is said, each step of it with its place; what only leads into the cycle is fine."""
    message = "'a' waits for 'b' waits for 'a'"
    expected = Told(
        *("PM207", "dependency-cycle", "error", message, "remove one of them from `depends_on`", "6: b"),
        (("'b' waits for 'a' here", "7: a"),),
    )
    assert judged(rule, RING) == [expected]


def test_a_service_that_waits_for_itself_is_a_cycle() -> None:
    """The shortest cycle has one service."""
    (told,) = judged(rule, "services: {a: {kind: scalable, command: a, depends_on: {a: ready}}}")
    assert (told.message, told.related) == ("'a' waits for 'a'", ())


@pytest.mark.parametrize("far", ["started", "ready", "completed"])
def test_a_chain_is_fine(far: str) -> None:
    """However far the other must have come, an order without a way back is none of this rule's."""
    text = (
        f"services: {{a: {{kind: scalable, command: a, depends_on: {{b: {far}}}}}, b: {{kind: scalable, command: a}}}}"
    )
    assert judged(rule, text) == []
