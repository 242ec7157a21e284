"""Which members join one after another, and which are gone for good."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procman.core.applied import Applied, AppliedService
from procman.core.diff import Action, Do, Running
from procman.core.manifest import Consumes, Kind, Manifest
from procman.workflow.growth import joining, steps
from procman.workflow.leaving import gone
from tests.support.values import service

MQTT = service("mqtt", consumes=Consumes("mqtt://h", ("a",)))
MANIFEST = Manifest("p", (MQTT, service("api"), service("one", Kind.SINGLETON, consumes=Consumes("mqtt://h", ("b",)))))


def running(**counts: int) -> tuple[Running, ...]:
    """Return so many instances of each service."""
    return tuple(
        Running(f"{name}-{i}", name, i, alive=True, state="running", spec=None)
        for name, count in counts.items()
        for i in range(count)
    )


@pytest.mark.parametrize(
    ("now", "counts", "expected"),
    [
        ({"mqtt": 1}, {"mqtt": 3}, [{"mqtt": 2}, {"mqtt": 3}]),
        ({"mqtt": 3}, {"mqtt": 1}, [{"mqtt": 1}]),
        ({"mqtt": 2}, {"mqtt": 2}, [{"mqtt": 2}]),
        ({}, {"mqtt": 2}, [{"mqtt": 2}]),
        ({"api": 1}, {"api": 5}, [{"api": 5}]),
        ({"mqtt": 1, "api": 1}, {"mqtt": 3, "api": 4}, [{"mqtt": 2, "api": 4}, {"mqtt": 3, "api": 4}]),
    ],
)
def test_a_consumer_grows_by_one_and_anything_else_at_once(
    now: dict[str, int], counts: dict[str, int], expected: list[dict[str, int]]
) -> None:
    """Only what gets more members of a consumer takes more than one step."""
    assert expected == steps(MANIFEST, running(**now), counts)


def test_only_a_further_member_of_a_consumer_joins() -> None:
    """Not member 0, not an instance of the API, not one that is replaced."""
    actions = [Action("mqtt", 0, Do.START, ""), Action("api", 3, Do.START, ""), Action("mqtt", 1, Do.REPLACE, "")]
    assert joining(MANIFEST, tuple(actions)) == []
    assert joining(MANIFEST, (Action("mqtt", 1, Do.START, ""), Action("mqtt", 2, Do.START, ""))) == ["mqtt"]


def applied(**counts: int) -> Applied:
    """Return the record of so many instances of each service."""
    services = tuple(AppliedService(n, "scalable", c, None, probed=False) for n, c in counts.items())
    return Applied("p", "/p", "", (), (), None, (), (), services, 0, 0)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"mqtt": 3}, {"mqtt": 1}, [("mqtt", range(1, 3))]),
        ({"mqtt": 3}, {"mqtt": 2}, [("mqtt", range(2, 3))]),
        ({"mqtt": 3}, {}, [("mqtt", range(1, 3))]),
        ({"mqtt": 1}, {}, []),
        ({"mqtt": 2}, {"mqtt": 3}, []),
    ],
)
def test_who_is_gone_is_read_from_two_records(
    old: dict[str, int], new: dict[str, int], expected: list[tuple[str, range]]
) -> None:
    """Never member 0, whose session waits for the next start."""
    assert expected == gone(applied(**old), applied(**new))


def test_without_a_record_before_nobody_is_gone_and_without_one_after_all_are() -> None:
    """A first `up` that fails takes the members with it that it had started."""
    assert gone(None, applied(mqtt=1)) == []
    assert gone(applied(mqtt=2), None) == [("mqtt", range(1, 2))]
    singleton = replace(applied(mqtt=2), services=(AppliedService("mqtt", "singleton", 2, None, probed=False),))
    assert gone(singleton, None) == []
