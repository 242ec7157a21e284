"""A singleton is given more than one instance."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from procman.rules import singleton_scaled as rule
from tests.support.judging import Told, judged

HELP = "remove `instances`: a singleton runs exactly once (or declare `kind: scalable` if it may run more often)"
SCALED = "leave it at one: a singleton runs exactly once (if it may run more often, declare `kind: scalable` and `up`)"
PROFILES = """
    profiles:
      big: {services: {mqtt: {instances: 3}}}
    services:
      mqtt: {kind: singleton, command: a}
"""
ONE = """
    services:
      mqtt: {kind: singleton, command: a}
"""


def told(message: str, place: str, *related: tuple[str, str], advice: str = HELP) -> Told:
    """Return a finding of this rule."""
    return Told("PM201", "singleton-scaled", "error", message, advice, place, related)


@pytest.mark.parametrize(
    ("instances", "words", "place"),
    [
        ("2", "2 instances", "5: 2"),
        ("auto", "`auto` instances", "5: auto"),
        ("{min: 1, max: 4}", "1 to 4 instances", "5: {min: 1, max: 4}"),
        ("{min: 1}", "`auto` instances", "5: {min: 1}"),
    ],
)
def test_more_than_one_instance_is_told_at_the_count(instances: str, words: str, place: str) -> None:
    """A number, `auto` and a range are told where they stand, with the place of the kind."""
    text = f"""
    services:
      mqtt: {{kind: singleton, command: a, instances: {instances}}}
    """
    expected = told(f"singleton 'mqtt' is given {words}", place, ("declared singleton here", "5: singleton"))
    assert [expected] == judged(rule, text)


@pytest.mark.parametrize("profile", [None, "big"])
def test_profile_is_told_once_whether_it_is_chosen_or_not(profile: str | None) -> None:
    """The count of a profile is told at the profile, before anybody chooses it, and once when it is chosen."""
    message = "singleton 'mqtt' is given 3 instances in profile 'big'"
    expected = told(message, "5: 3", ("declared singleton here", "7: singleton"))
    assert [expected] == judged(rule, PROFILES, profile=profile)


@pytest.mark.parametrize("count", [0, 2, 9])
def test_scale_of_a_singleton_is_told_at_its_kind(count: int) -> None:
    """`scale` walks the same road: the count has no place in the file, the kind has."""
    message = f"singleton 'mqtt' is given {count} instances by `scale`"
    assert [told(message, "5: singleton", advice=SCALED)] == judged(rule, ONE, scale={"mqtt": count})


def test_count_of_defaults_is_told_where_it_stands() -> None:
    """`defaults` reach singletons too; the place is the one in `defaults`."""
    text = """
    defaults: {instances: 2}
    services:
      mqtt: {kind: singleton, command: a}
    """
    message = "singleton 'mqtt' is given 2 instances"
    assert [told(message, "4: 2", ("declared singleton here", "6: singleton"))] == judged(rule, text)


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        (ONE, None),
        (ONE, {"mqtt": 1}),
        ("services: {mqtt: {kind: singleton, command: a, instances: 1}}", None),
        ("services: {mqtt: {kind: singleton, command: a, instances: {min: 1, max: 1}}}", None),
        ("services: {mqtt: {kind: scalable, command: a, instances: 2}}", None),
        ("profiles: {p: {services: {mqtt: {memory: 1G}}}}\nservices: {mqtt: {kind: singleton, command: a}}", None),
        ("profiles: {p: {services: {mqtt: {instances: 1}}}}\nservices: {mqtt: {kind: singleton, command: a}}", None),
    ],
)
def test_exactly_one_is_fine_however_it_is_written(text: str, scale: Mapping[str, int] | None) -> None:
    """No count, one, and a range from one to one are exactly one; scalable services are not this rule's."""
    assert judged(rule, text, scale=scale) == []
