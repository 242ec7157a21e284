"""Which instances wait for a lock or were given up, by the history."""

from __future__ import annotations

import pytest

from procman.core.events import Event
from procman.core.rolling import BESIDE, IN_PLACE
from procman.workflow.deaths import _waiting

HELD = ("held", {"reason": "bakery reader-0 has it"})
FAILED = ("failed", {"reason": "5 failures within 60 s"})
BESIDE_FAILED = ("not-replaced", {"way": BESIDE, "reason": "was not ready"})


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], None),
        ([("start", {}), HELD], "held: bakery reader-0 has it"),
        ([FAILED], "failed: 5 failures within 60 s"),
        ([("failed", {})], "failed: no reason is known"),
        ([FAILED, ("start", {})], None),
        ([HELD, ("start", {}), FAILED], "failed: 5 failures within 60 s"),
        ([FAILED, HELD], "held: bakery reader-0 has it"),
        ([FAILED, ("running", {}), ("exit", {})], "failed: 5 failures within 60 s"),
        ([FAILED, BESIDE_FAILED], None),
        ([FAILED, ("not-replaced", {"way": IN_PLACE})], "failed: 5 failures within 60 s"),
    ],
)
def test_who_was_given_up_waits_until_it_is_started(events: list[tuple[str, dict[str, object]]], said: str) -> None:
    """The last word counts; a replacement that failed beside its old process leaves nobody down."""
    found = _waiting(Event(float(i), name, "api-0", facts) for i, (name, facts) in enumerate(events))
    assert found == ((("api-0", said),) if said else ())


def test_each_instance_by_itself_and_in_order() -> None:
    """One that is started again says nothing of its sibling."""
    events = [Event(0, *event[:1], unit, event[1]) for unit, event in (("b-0", HELD), ("a-1", FAILED), ("a-0", FAILED))]
    told = _waiting([*events, Event(1, "start", "a-0", {})])
    assert told == (("a-1", "failed: 5 failures within 60 s"), ("b-0", "held: bakery reader-0 has it"))
