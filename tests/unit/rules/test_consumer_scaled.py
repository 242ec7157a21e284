"""A scalable service consumes MQTT topics."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from procman.rules import consumer_scaled as rule
from procman.rules import guard_incomplete, guard_unverified
from tests.support.judging import Told, judged

HELP = "say `kind: singleton`, or declare what would make a second one safe: `share` and `dedup`"
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


@pytest.mark.parametrize("more", ["share: g", "dedup: {database: d.db, table: t, key: k}"])
def test_declared_guard_is_held_and_not_refused(more: str) -> None:
    """A count in the file is held at one, which another rule says; it is no error."""
    text = f"""
    services:
      mqtt: {{kind: scalable, command: a, instances: 2, consumes: {{broker: mqtt://h, topics: [a], {more}}}}}
    """
    assert judged(rule, text) == []
    rule_of = guard_incomplete if more.startswith("share") else guard_unverified
    assert 1 == len(judged(rule_of, text))


@pytest.mark.parametrize("written", ["", "instances: 2, "], ids=["one in the file", "two in the file"])
def test_scale_past_a_declared_guard_is_refused_with_the_reason(written: str) -> None:
    """A command that asks for two and gets one would seem to have done it, also when the file says two."""
    guarded = "consumes: {broker: mqtt://h, topics: [a], dedup: {database: d, table: t, key: k}}"
    text = f"""
    services:
      mqtt:
        {{kind: scalable, command: a, {written}{guarded}}}
    """
    message = "consumer 'mqtt' cannot be scaled to 2: unique key (k) of 't' not verified"
    help_text = "run procman verify; one instance is what runs until every guard is verified"
    (found,) = judged(rule, text, scale={"mqtt": 2})
    assert (found.severity, found.message, found.help) == ("error", message, help_text)
    assert judged(rule, text, scale={"mqtt": 1}) == []


def test_group_on_some_topics_guards_nothing() -> None:
    """What is not in a group reaches every instance."""
    text = """
    services:
      mqtt: {kind: scalable, command: a, instances: 2, consumes: {broker: mqtt://h, topics: [$share/g/a, b]}}
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
