"""A service waits for the end of one that never ends for good."""

from __future__ import annotations

import pytest

from procman.rules import dependency_never_completes as rule
from tests.support.judging import Told, judged

TEXT = """
    services:
      job: {{kind: singleton, command: a{more}}}
      api: {{kind: scalable, command: a, depends_on: {{job: {far}}}}}
"""


def test_the_end_of_what_always_starts_again_is_told() -> None:
    """At the word, with both ways out."""
    message = "'api' waits for 'job' to complete, which is started again whenever it ends"
    help_text = "`oneshot: true` for 'job' if it ends by itself, else `ready`"
    expected = Told("PM208", "dependency-never-completes", "error", message, help_text, "6: completed")
    assert judged(rule, TEXT.format(more="", far="completed")) == [expected]


@pytest.mark.parametrize("more", [", oneshot: true", ", restart: {policy: on-failure}", ", restart: {policy: never}"])
def test_what_can_complete_is_fine(more: str) -> None:
    """A oneshot, and a policy that lets a success be an end."""
    assert judged(rule, TEXT.format(more=more, far="completed")) == []


@pytest.mark.parametrize("far", ["started", "ready"])
def test_waiting_for_less_is_fine(far: str) -> None:
    """What keeps running can be started and ready."""
    assert judged(rule, TEXT.format(more="", far=far)) == []
