"""The plan needs more memory than the budget has."""

from __future__ import annotations

import pytest

from procman.core.quantity import GIB, MIB
from procman.rules import over_budget as rule
from tests.support.judging import Told, judged

FOUR = """
    profiles:
      small: {services: {api: {instances: 1}}}
      huge: {services: {api: {instances: 9}}}
    services:
      api: {kind: scalable, command: a, memory: 400M, instances: 4}
      mqtt: {kind: singleton, command: b, memory: 300M}
"""
ONE = """
    services:
      mqtt: {{kind: singleton, command: b, memory: {0}}}
"""


def told(message: str, help_text: str, place: str) -> Told:
    """Return a finding of this rule."""
    return Told("PM101", "over-budget", "error", message, help_text, place)


def test_plan_over_budget_is_told_with_what_would_fit() -> None:
    """1,900 MiB on 2G: the message has all the figures, the help one change that makes it fit."""
    message = "the plan needs 1,900 MiB, 396 MiB more than the 1,504 MiB that 2,048 MiB of RAM leave for services"
    help_text = "api 4 -> 3; or api memory 400M -> 300M; or profile small; or RAM 3G"
    assert [told(message, help_text, "7: services")] == judged(rule, FOUR, ram=2 * GIB)


def test_chosen_profile_is_the_place() -> None:
    """With a profile its name is what does not fit; five of nine instances do."""
    message = "the plan needs 3,900 MiB, 860 MiB more than the 3,040 MiB that 4,096 MiB of RAM leave for services"
    help_text = "api 9 -> 6; or api memory 400M -> 300M; or profile small; or RAM 5.5G"
    expected = told(message, help_text, "6: huge")
    assert [expected] == judged(rule, FOUR, ram=4 * GIB, profile="huge")


def test_profile_that_fits_is_named_when_fewer_instances_do_not_help() -> None:
    """When even one instance is too many, a profile that fits is the advice."""
    text = """
    profiles:
      lean: {services: {mqtt: {memory: 100M}}}
    services:
      mqtt: {kind: singleton, command: b, memory: 1G}
    """
    message = "the plan needs 1,024 MiB, 544 MiB more than the 480 MiB that 1,024 MiB of RAM leave for services"
    expected = told(message, "profile lean; or RAM 2G", "6: services")
    assert [expected] == judged(rule, text, ram=GIB)


def test_more_ram_is_the_advice_when_nothing_else_helps() -> None:
    """Without a smaller count and without a profile the RAM that is enough is named."""
    message = "the plan needs 2,048 MiB, 1,568 MiB more than the 480 MiB that 1,024 MiB of RAM leave for services"
    assert [told(message, "RAM 3G", "4: services")] == judged(rule, ONE.format("2G"), ram=GIB)


def test_nothing_that_fits_is_said_as_such() -> None:
    """When no machine is large enough, the advice is general."""
    (found,) = judged(rule, ONE.format("64T"), ram=GIB)
    assert found.help == "lower the memory limits, run fewer instances, or take a machine with more RAM"


def test_force_never_accepts_more_than_the_machine_has() -> None:
    """`--force` is for plans within the machine's RAM; above that is never."""
    assert ["PM101"] == [t.code for t in judged(rule, ONE.format("1025M"), ram=GIB, force=True)]
    assert judged(rule, ONE.format("1024M"), ram=GIB, force=True) == []


@pytest.mark.parametrize("ram", [None, 2 * GIB + 528 * MIB, 4 * GIB])
def test_plan_that_fits_and_an_unknown_machine_are_fine(ram: int | None) -> None:
    """Up to exactly 100 % of the usable RAM fits, and without a machine nothing is said."""
    assert judged(rule, FOUR, ram=ram) == []


def test_border_is_exact() -> None:
    """480 MiB fit into 480 MiB."""
    assert judged(rule, ONE.format("480M"), ram=GIB) == []
    assert ["PM101"] == [t.code for t in judged(rule, ONE.format("481M"), ram=GIB)]
