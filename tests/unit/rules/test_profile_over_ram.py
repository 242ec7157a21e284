"""A profile does not fit the machine it is made for."""

from __future__ import annotations

import pytest

from procman.rules import profile_over_ram as rule
from tests.support.judging import Told, judged

TEXT = """
    profiles:
      small: {{ram: {0}, services: {{api: {{instances: {1}, memory: {2}}}}}}}
    services:
      api: {{kind: scalable, command: a, memory: 100M}}
      mqtt: {{kind: singleton, command: b, memory: 300M}}
"""


@pytest.mark.parametrize(
    ("ram", "count", "memory", "message"),
    [
        ("1G", 4, "400M", "profile 'small' needs 1,900 MiB, but 1G of RAM leave 480 MiB for services"),
        ("2G", 4, "400M", "profile 'small' needs 1,900 MiB, but 2G of RAM leave 1,504 MiB for services"),
        ("1G", 1, "181M", "profile 'small' needs 481 MiB, but 1G of RAM leave 480 MiB for services"),
    ],
)
def test_profile_over_its_own_ram_is_told_at_its_name(ram: str, count: int, memory: str, message: str) -> None:
    """The sum, services that the profile does not name included, against the profile's own machine."""
    help_text = "fewer instances, lower limits, or a larger `ram`"
    expected = Told("PM102", "profile-over-ram", "error", message, help_text, "5: small")
    assert [expected] == judged(rule, TEXT.format(ram, count, memory))


def test_choice_of_another_profile_does_not_change_the_sum() -> None:
    """What another profile lays over the services is no part of this one: before, its sum was."""
    text = """
    profiles:
      big: {ram: 8G, services: {mqtt: {memory: 3G}}}
      small: {ram: 2G, services: {api: {instances: 2}}}
    services:
      api: {kind: scalable, command: a, memory: 100M}
      mqtt: {kind: singleton, command: b, memory: 300M}
    """
    assert judged(rule, text, profile="big") == []


@pytest.mark.parametrize(
    ("ram", "count", "memory"), [("1G", 1, "180M"), ("4G", 4, "400M"), ("1G", "auto", "100M"), ("512M", 1, "1K")]
)
def test_profile_within_its_ram_is_fine(ram: str, count: int | str, memory: str) -> None:
    """Up to exactly the usable RAM fits; `auto` grows no further than fits."""
    found = judged(rule, TEXT.format(ram, count, memory))
    assert ([] if ram != "512M" else ["PM102"]) == [t.code for t in found]


def test_profile_without_ram_is_fine() -> None:
    """A profile that names no machine promises nothing for one."""
    text = """
    profiles: {any: {services: {api: {instances: 200}}}}
    services: {api: {kind: scalable, command: a, memory: 1G}}
    """
    assert judged(rule, text) == []
