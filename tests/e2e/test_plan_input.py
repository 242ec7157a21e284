"""Bad input of `plan`: what is told, and with which exit code. What does not fit is an answer, not bad input."""

from __future__ import annotations

import pytest

from tests.support.projects import Project, ended

FORMS = "write 400M or 2G (K, M, G or T, binary multiples)"


@pytest.mark.parametrize("ram", ["2", "2GB", "2 gib", "-1G", "0", "1e3G", "", "G", "2g", "½G"])
def test_a_size_that_is_none_is_wrong_use(shop: Project, ram: str) -> None:
    """The value is repeated with the forms that are accepted; exit 2, and 64 where 2 means changes."""
    ended(shop.run("plan", f"--ram={ram}"), 2, f"'{ram}' is not a size", FORMS)
    ended(shop.run("plan", f"--ram={ram}", "--detailed-exitcode"), 64, FORMS)


def test_a_size_beyond_reason_is_wrong_use(shop: Project) -> None:
    """999999T is a size that no machine has."""
    ended(shop.run("plan", "--ram", "999999T"), 2, "'999999T' is more than 67,108,864 MiB", FORMS)


def test_a_size_of_nothing_is_wrong_use(shop: Project) -> None:
    """0G has the right form and no meaning."""
    ended(shop.run("plan", "--ram", "0G"), 2, "'0G' is nothing", FORMS)


def test_an_unknown_profile_is_wrong_use(shop: Project) -> None:
    """What was likely meant is named; without anything near, the profiles are."""
    shop.write(profiles={"conservative": {"services": {}}, "maximum": {"services": {}}})
    ended(shop.run("plan", "--profile", "conservativ"), 2, "there is no profile 'conservativ'", "'conservative'?")
    ended(shop.run("plan", "--profile", "x"), 2, "profiles: conservative, maximum")
    shop.write()
    ended(shop.run("plan", "--profile", "x"), 2, "the manifest has no profiles")


def test_a_service_that_a_profile_makes_up_is_a_finding(shop: Project) -> None:
    """A misspelt service in a profile is told at its place, with what was likely meant; exit 1."""
    shop.write(profiles={"small": {"services": {"apo": {"memory": "30M"}}}})
    done = ended(shop.run("plan"), 1, "PM003", "there is no service 'apo'", "did you mean 'api'?")
    assert "procman.yaml:" in done.err


def test_a_profile_for_a_bigger_machine_is_an_answer(shop: Project) -> None:
    """It does not fit here: the plan is shown with what would make it fit, and the exit code is 1."""
    shop.write(profiles={"huge": {"ram": "8G", "services": {"api": {"instances": 9, "memory": "400M"}}}})
    done = ended(shop.run("plan", "--ram", "2G", "--profile", "huge"), 1, "does not fit", "or  RAM 4G")
    assert "any one of these makes it fit" in done.out
