"""A scalable service consumes MQTT topics."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from procman.rules import consumer_scaled as rule
from tests.support.judging import Told, judged

HELP = "say `kind: singleton`; procman does not verify shared subscriptions or unique keys yet"
CONSUMES = "consumes: {broker: mqtt://h, topics: [a/+]}"
PROFILES = f"""
    profiles:
      big: {{services: {{mqtt: {{instances: 3}}}}}}
    services:
      mqtt: {{kind: scalable, command: a, {CONSUMES}}}
"""


def told(words: str, place: str) -> Told:
    """Return a finding of this rule."""
    message = f"consumer 'mqtt' may run more than once{words}"
    return Told("PM202", "consumer-scaled", "error", message, HELP, place)


@pytest.mark.parametrize("instances", ["2", "auto", "{min: 1, max: 2}"])
def test_consumer_that_may_run_twice_is_told_at_its_count(instances: str) -> None:
    """Any count but one makes a second consumer possible."""
    text = f"""
    services:
      mqtt: {{kind: scalable, command: a, instances: {instances}, {CONSUMES}}}
    """
    assert [told("", f"5: {instances}")] == judged(rule, text)


@pytest.mark.parametrize("profile", [None, "big"])
def test_profile_is_told_once_whether_it_is_chosen_or_not(profile: str | None) -> None:
    """The count of a profile is told at the profile, and once when it is chosen."""
    assert [told(" in profile 'big'", "5: 3")] == judged(rule, PROFILES, profile=profile)


def test_shared_subscription_is_no_excuse() -> None:
    """A share group is a wish to the broker that procman does not verify."""
    text = """
    services:
      mqtt: {kind: scalable, command: a, instances: 2, consumes: {broker: mqtt://h, topics: [$share/g/a]}}
    """
    assert [told("", "5: 2")] == judged(rule, text)


def test_scale_of_a_consumer_is_told() -> None:
    """`scale` walks the same road; without a count in the file the service is the place."""
    text = f"""
    services:
      mqtt: {{kind: scalable, command: a, {CONSUMES}}}
    """
    assert [told(" by `scale`", "5: mqtt")] == judged(rule, text, scale={"mqtt": 2})


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        (f"services: {{mqtt: {{kind: scalable, command: a, {CONSUMES}}}}}", None),
        (f"services: {{mqtt: {{kind: scalable, command: a, instances: 1, {CONSUMES}}}}}", {"mqtt": 1}),
        (f"services: {{mqtt: {{kind: singleton, command: a, instances: 2, {CONSUMES}}}}}", None),
        ("services: {api: {kind: scalable, command: a, instances: 8}}", {"api": 9}),
    ],
)
def test_one_consumer_and_many_others_are_fine(text: str, scale: Mapping[str, int] | None) -> None:
    """One instance, no topics, and singletons (which another rule judges) are not told."""
    assert judged(rule, text, scale=scale) == []
