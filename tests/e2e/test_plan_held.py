"""The budget holds in every command that starts something, and so does what the machine has at the moment."""

from __future__ import annotations

import os
import signal

import pytest

from procman.adapters.machine import this_machine
from procman.core.quantity import MIB
from tests.support.projects import Project, ended

pytestmark = pytest.mark.slow


def test_up_refuses_what_does_not_fit_and_force_takes_it_within_the_ram(shop: Project) -> None:
    """736 MiB are usable of 1 GiB: 900 MiB need --force, 1,100 MiB are refused even so; nothing has started before."""
    shop.write({"api": shop.api(memory="450M")})
    ended(shop.run("up"), 1, "PM101", "api 2 -> 1")
    ended(shop.run("up", "--force", "--dry-run"), 0)
    assert shop.managers() == []
    ended(shop.run("up", "--force"), 0, "over budget")
    shop.write({"api": shop.api(memory="550M")})
    ended(shop.run("up", "--force"), 1, "PM101")


def test_force_never_starts_a_second_singleton(shop: Project) -> None:
    """--force is about memory alone."""
    shop.write({"mqtt": shop.mqtt(instances=2)})
    ended(shop.run("up", "--force"), 1, "PM201")


def test_scale_asks_the_same_budget(running: Project) -> None:
    """Eighteen instances of 40 MiB and the consumer are over budget: refused with exit 1, nothing is started."""
    before = running.pids()
    ended(running.run("scale", "api=18"), 1, "PM101", "750 MiB")
    assert running.pids() == before


def test_what_the_machine_has_now_is_asked_whatever_the_budget_says(shop: Project) -> None:
    """A plan of nearly all RAM that --force would take is refused when the memory is not there at the moment."""
    ram = this_machine().ram // MIB
    shop.write({"api": shop.api(instances=1, memory=f"{ram - 1}M")}, budget={"reserve": "0%"})
    ended(shop.run("up", "--force"), 1, "available now")
    assert shop.managers() == []


def test_a_crashed_instance_comes_back_without_being_asked(running: Project) -> None:
    """The restart after a crash is the manager's: no budget and no memory is asked."""
    former = running.pids()["api-0"]
    os.kill(former, signal.SIGKILL)
    running.renewed("api-0", former)
