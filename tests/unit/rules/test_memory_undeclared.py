"""A service has no memory limit."""

from __future__ import annotations

import pytest

from procman.rules import memory_undeclared as rule
from tests.support.judging import Told, judged

BAD = """
    profiles:
      lean: {services: {api: {memory: 100M}}}
    services:
      api: {kind: scalable, command: a}
      mqtt: {kind: singleton, command: b}
"""


def told(service: str, place: str) -> Told:
    """Return a finding of this rule."""
    message = f"'{service}' has no memory limit and is not counted in the budget"
    help_text = "add `memory: 400M` (per instance); `procman status` shows what it uses"
    return Told("PM103", "memory-undeclared", "warning", message, help_text, place)


def test_service_without_a_limit_is_told_at_its_name() -> None:
    """Each service without a limit is told."""
    assert [told("api", "7: api"), told("mqtt", "8: mqtt")] == judged(rule, BAD)


def test_chosen_profile_may_declare_it() -> None:
    """With a profile that gives a limit only the other service is told."""
    assert [told("mqtt", "8: mqtt")] == judged(rule, BAD, profile="lean")


@pytest.mark.parametrize(
    "text",
    [
        "services: {api: {kind: scalable, command: a, memory: 1K}}",
        "defaults: {memory: 100M}\nservices: {api: {kind: scalable, command: a}, b: {kind: singleton, command: b}}",
    ],
)
def test_own_limit_and_that_of_defaults_are_fine(text: str) -> None:
    """A limit is a limit wherever it is written, and however small."""
    assert judged(rule, text) == []
