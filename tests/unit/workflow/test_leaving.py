"""Which members leave for good, and whose session at the broker is to be ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procman.core.applied import Applied, AppliedService
from procman.core.members import LEAVE
from procman.core.spec import Spec
from procman.workflow.leaving import gone, leavers
from tests.support.values import spec


def member(service: str, instance: int, *, consumes: bool = True) -> Spec:
    """Return an instance; a consumer's has a file that tells it to leave."""
    env = ((LEAVE, f"/state/leaving/{service}-{instance}"),) if consumes else ()
    return spec(service, instance, instances=9, env=(("PATH", "/bin"), *env))


def test_every_member_but_the_first_leaves() -> None:
    """Member 0 has the session of the consumer, which waits; what consumes nothing has none."""
    specs = [member("mqtt", 0), member("mqtt", 1), member("mqtt", 2), member("api", 1, consumes=False)]
    assert leavers(specs) == tuple(specs[1:3])


def record(*services: tuple[str, int], kind: str = "scalable") -> Applied:
    """Return a record of services with so many instances."""
    rows = tuple(AppliedService(name, kind, count, None, False) for name, count in services)
    return Applied("shop", "/x", "", (), (), None, (), (), rows, 0, 0)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (record(("mqtt", 3)), record(("mqtt", 1)), [("mqtt", range(1, 3))]),
        (record(("mqtt", 3)), record(("mqtt", 2)), [("mqtt", range(2, 3))]),
        (record(("mqtt", 3)), record(("mqtt", 3)), []),
        (record(("mqtt", 1)), record(("mqtt", 3)), []),
        (record(("mqtt", 3)), record(), [("mqtt", range(1, 3))]),
        (record(("mqtt", 3)), None, [("mqtt", range(1, 3))]),
        (record(("mqtt", 1)), None, []),
        (record(("mqtt", 3)), record(("mqtt", 0)), [("mqtt", range(1, 3))]),
        (record(("a", 2), ("b", 2)), record(("b", 1)), [("a", range(1, 2)), ("b", range(1, 2))]),
        (record(("mqtt", 3), kind="singleton"), None, []),
        (None, record(("mqtt", 3)), []),
        (replace(record(("mqtt", 2)), down=True), None, [("mqtt", range(1, 2))]),
    ],
)
def test_members_are_gone_that_ran_and_will_not(
    old: Applied | None, new: Applied | None, expected: list[tuple[str, range]]
) -> None:
    """Never member 0, and none of a service that runs once."""
    assert expected == gone(old, new)
