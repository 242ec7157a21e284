"""A oneshot runs more than once at a time."""

from __future__ import annotations

import pytest

from procman.rules import oneshot_repeated as rule
from tests.support.judging import Told, judged

TEXT = """
    services:
      job: {kind: %s, command: a, oneshot: %s%s}
"""


@pytest.mark.parametrize("count", ["2", "auto", "{min: 1, max: 3}"])
def test_several_instances_are_told(count: str) -> None:
    """A number, `auto` and a range, where they stand."""
    message = "'job' is a oneshot and runs several times at once"
    expected = Told("PM318", "oneshot-repeated", "warning", message, "`kind: singleton`", f"5: {count}")
    assert judged(rule, TEXT % ("scalable", "true", f", instances: {count}")) == [expected]


@pytest.mark.parametrize(
    ("kind", "oneshot", "more"),
    [("scalable", "true", ""), ("singleton", "true", ""), ("scalable", "false", ", instances: 2")],
)
def test_one_at_a_time_is_fine(kind: str, oneshot: str, more: str) -> None:
    """One instance, and several of what is no oneshot."""
    assert judged(rule, TEXT % (kind, oneshot, more)) == []
