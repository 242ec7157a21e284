"""A oneshot is told to start again whenever it ends."""

from __future__ import annotations

import pytest

from procman.rules import oneshot_restarted as rule
from tests.support.judging import Told, judged

TEXT = """
    defaults: {restart: {policy: %s}}
    services:
      job: {kind: singleton, command: a, oneshot: %s}
"""


def test_a_written_always_is_told_where_it_stands() -> None:
    """In `defaults` too, whose policy reaches the oneshot."""
    message = "'job' is a oneshot, and is to start again whenever it ends"
    help_text = "`on-failure` or `never`, or leave it out"
    expected = Told("PM317", "oneshot-restarted", "warning", message, help_text, "4: always")
    assert judged(rule, TEXT % ("always", "true")) == [expected]


@pytest.mark.parametrize(("policy", "oneshot"), [("on-failure", "true"), ("never", "true"), ("always", "false")])
def test_other_policies_are_fine(policy: str, oneshot: str) -> None:
    """What a oneshot may have, and `always` for what is none."""
    assert judged(rule, TEXT % (policy, oneshot)) == []


def test_nothing_written_is_fine() -> None:
    """The default gives way without a word."""
    assert judged(rule, "services: {job: {kind: singleton, command: a, oneshot: true}}") == []
