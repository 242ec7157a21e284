"""A saved plan: applied exactly, or refused with what has changed since."""

from __future__ import annotations

import json
import stat

import pytest

from tests.support.projects import Project, ended

pytestmark = pytest.mark.slow


def saved(shop: Project) -> str:
    """Save the plan and return its path."""
    path = str(shop.folder / "plan.json")
    ended(shop.run("plan", "--out", path), 0, "saved; apply it with")
    return path


def test_a_saved_plan_is_applied_exactly_once(shop: Project) -> None:
    """`up --plan` takes the actions that were saved; a second time what runs has changed."""
    path = saved(shop)
    ended(shop.run("up", "--plan", path), 0, "3 to start")
    assert set(shop.pids()) == {"api-0", "api-1", "mqtt-0"}
    ended(shop.run("up", "--plan", path), 1, "what runs changed since it was saved")


def test_a_saved_plan_names_the_manifest_itself(shop: Project) -> None:
    """From another folder, without --file, the manifest of the plan is meant."""
    path = saved(shop)
    ended(shop.run("up", "--plan", path, cwd="/"), 0)
    assert len(shop.pids()) == 3


def test_a_changed_manifest_is_refused(shop: Project) -> None:
    """Another limit, another variable, another command: the plan is not applied and nothing starts."""
    path = saved(shop)
    for changes in ({"memory": "41M"}, {"env": {"COLOUR": "red"}}, {"instances": 3}):
        shop.write({"api": shop.api(**changes), "mqtt": shop.mqtt()})
        ended(shop.run("up", "--plan", path), 1, "the manifest or its variables changed since it was saved")
    assert shop.managers() == []
    shop.write()
    ended(shop.run("up", "--plan", path), 0)


def test_a_changed_budget_is_refused(shop: Project) -> None:
    """Another reserve is another machine, although the plan would fit it."""
    path = saved(shop)
    shop.write(budget={"ram": "1G", "reserve": "300M"})
    ended(shop.run("up", "--plan", path), 1, "the machine's budget changed since it was saved")


def test_what_was_stopped_since_is_refused(running: Project) -> None:
    """A plan made while everything ran is not applied after an instance was stopped."""
    path = saved(running)
    ended(running.run("stop", "api-1"), 0)
    ended(running.run("up", "--plan", path), 1, "what runs changed")


def test_the_file_is_private_and_holds_no_value_of_a_variable(shop: Project) -> None:
    """The file is 0600, has a version, and no variable's value in it."""
    shop.write({"api": shop.api(env={"TOKEN": "hunter2hunter2"}), "mqtt": shop.mqtt()})
    path = saved(shop)
    file = shop.folder / "plan.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    document = json.loads(file.read_text())
    assert (document["schema_version"], document["kind"]) == (1, "procman-plan")
    assert "hunter2" not in file.read_text()
    assert [a["action"] for a in document["actions"]] == ["start"] * 3
    assert path


def test_a_plan_that_does_not_fit_is_not_saved(shop: Project) -> None:
    """What cannot be applied is not written."""
    shop.write({"api": shop.api(memory="1G")})
    ended(shop.run("plan", "--out", "plan.json"), 1, "is not written")
    assert not (shop.folder / "plan.json").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no saved plan"),
        ("", "it is no saved plan, or not a whole one"),
        ("[]", "it is no saved plan, or not a whole one"),
        ('{"kind": "other"}', "it is no saved plan"),
        ('{"kind": "procman-plan", "schema_version": 2}', "another version"),
        ('{"kind": "procman-plan", "schema_version": 1}', "not a whole one"),
    ],
)
def test_what_is_no_saved_plan_is_wrong_use(shop: Project, content: str | None, words: str) -> None:
    """A missing, damaged or foreign file is told as such and nothing starts."""
    if content is not None:
        (shop.folder / "plan.json").write_text(content)
    ended(shop.run("up", "--plan", "plan.json"), 2, words)
    assert shop.managers() == []


def test_options_that_ask_for_something_else_are_wrong_use(shop: Project) -> None:
    """--plan excludes what changes the plan, and --out a machine that is not this one."""
    path = saved(shop)
    for option in (["--profile", "x"], ["--no-profile"], ["--keep-scale"], ["--force"]):
        ended(shop.run("up", "--plan", path, *option), 2, "--plan applies exactly what was saved")
    ended(shop.run("plan", "--out", "x.json", "--ram", "2G"), 2, "--out and --ram exclude each other")
