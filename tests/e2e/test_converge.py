"""A changed file does exactly what changed: every other instance keeps its pid."""

import pytest

from tests.support.projects import Project, Text, ended, service

pytestmark = pytest.mark.slow


def changed(running: Project, services: dict[str, Text], *words: str) -> tuple[set[str], set[str], set[str]]:
    """Write `services`, run `up`, and return the instances that were replaced, that are new, and that are gone."""
    before = running.pids()
    running.write(services)
    ended(running.run("up"), 0, *words)
    after = running.pids()
    both = before.keys() & after.keys()
    return {u for u in both if before[u] != after[u]}, after.keys() - before.keys(), before.keys() - after.keys()


def test_more_instances_start_only_those(running: Project) -> None:
    """A higher count starts the missing instance."""
    services = {"api": running.api(instances=3), "mqtt": running.mqtt()}
    assert changed(running, services, "1 to start, 0 to replace, 0 to stop, 3 unchanged") == (set(), {"api-2"}, set())


def test_fewer_instances_stop_only_the_highest(running: Project) -> None:
    """A lower count stops the instance with the highest number."""
    services = {"api": running.api(instances=1), "mqtt": running.mqtt()}
    assert changed(running, services, "fewer instances wanted") == (set(), set(), {"api-1"})


def test_a_changed_command_replaces_that_service(running: Project) -> None:
    """A new command replaces the instances of its service, and says so."""
    services = {"api": running.api(command=[*service("web"), "new"]), "mqtt": running.mqtt()}
    assert changed(running, services, "changed: command") == ({"api-0", "api-1"}, set(), set())


def test_a_changed_variable_is_named_without_its_value(running: Project) -> None:
    """A new value of a variable replaces its service; the reason names it, never a value, and the old one is gone."""
    env = {"MARKS": str(running.marks), "TOKEN": "s3cret-one"}
    running.write({"api": running.api(), "mqtt": running.mqtt(env=env)})
    ended(running.run("up"), 0, "changed: env TOKEN")
    running.write({"api": running.api(), "mqtt": running.mqtt(env=env | {"TOKEN": "s3cret-two"})})
    before = running.pids()
    done = ended(running.run("up"), 0, "changed: env TOKEN")
    assert "s3cret" not in done.said
    specs = [path.read_text(encoding="utf-8") for path in (running.state / "specs").iterdir()]
    assert [any(value in text for text in specs) for value in ("s3cret-one", "s3cret-two")] == [False, True]
    after = running.pids()
    assert {u for u in after if before[u] != after[u]} == {"mqtt-0"}


def test_a_removed_service_is_stopped(running: Project) -> None:
    """A service that is no longer in the file ends, and nothing else does."""
    assert changed(running, {"api": running.api()}, "not wanted") == (set(), set(), {"mqtt-0"})
    assert running.consumers() == []
    assert running.states() == {"api-0": "ready", "api-1": "ready"}


def test_an_added_service_is_started(running: Project) -> None:
    """A service that is new in the file starts, and nothing else does."""
    web = running.api(command=service("deaf"), listen=None, instances=1, stop={"signal": "KILL"})
    del web["listen"]
    services = {"api": running.api(), "mqtt": running.mqtt(), "extra": web}
    assert changed(running, services) == (set(), {"extra-0"}, set())


def test_a_new_memory_limit_restarts_nothing(running: Project) -> None:
    """A new limit is said and recorded, and every pid stays."""
    services = {"api": running.api(memory="50M"), "mqtt": running.mqtt()}
    assert changed(running, services, "no restart needed") == (set(), set(), set())
    assert {i["limit_bytes"] >> 20 for i in running.status()["instances"]} == {50, 30}


def test_a_singleton_is_ended_before_it_is_replaced(running: Project) -> None:
    """A changed consumer starts after the old one's orderly end: the marks alternate."""
    running.marks.unlink()
    before = running.pids()["mqtt-0"]
    running.write({"api": running.api(), "mqtt": running.mqtt(restart={"max": 4})})
    ended(running.run("up"), 0, "changed: restart")
    after = running.pids()["mqtt-0"]
    assert running.marks.read_text(encoding="utf-8").splitlines() == [f"end {before}", f"start {after}"]
