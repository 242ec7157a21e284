"""Instances that do not listen are replaced together: beside each other, but never all of a service, and in order."""

import uuid

import pytest

from tests.support.projects import Project, Text, ended

pytestmark = pytest.mark.slow


def idle(**more: object) -> Text:
    """Return a service that only sleeps."""
    return {"kind": "scalable", "command": ["/bin/sleep", "86400"], "memory": "4M", **more}


def test_services_are_replaced_beside_each_other(shop: Project) -> None:
    """Twelve services are one step, told in few lines, and each has a new process."""
    shop.write({f"s{n:02}": idle() for n in range(12)})
    ended(shop.run("up"), 0)
    before = shop.pids()
    done = ended(shop.run("restart"), 0, "replacing 12 instances, s00-0 to s11-0", "12 instances are ready")
    assert "stopping" not in done.said
    after = shop.pids()
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())


def test_one_of_a_service_goes_first(shop: Project) -> None:
    """Of four instances one is replaced, and the others together when that is ready."""
    shop.write({"many": idle(instances=4)})
    ended(shop.run("up"), 0)
    said = ended(shop.run("restart"), 0).said
    places = [said.index(f"many-{n}: replacing") for n in range(4)]
    assert places[0] < said.index("many-0: ready after") < places[1], said
    assert places[3] < said.index("many-1: ready after"), said


def test_what_depends_waits(shop: Project) -> None:
    """A service is replaced when that is ready which it depends on."""
    shop.write({"base": idle(), "top": idle(depends_on={"base": "started"})})
    ended(shop.run("up"), 0)
    said = ended(shop.run("restart"), 0).said
    assert said.index("base-0: ready after") < said.index("top-0: replacing"), said


def test_a_failure_begins_nothing_more(shop: Project) -> None:
    """The one that fails is brought back, and the others keep their processes."""
    shop.write({"many": idle(instances=4)})
    ended(shop.run("up"), 0)
    before = shop.pids()
    shop.write({"many": idle(instances=4, command=["/bin/sh", "-c", "echo no such luck; exit 3"])})
    ended(shop.run("up"), 1, "no such luck", "bringing back what ran before")
    after = shop.pids()
    assert {u for u in before if before[u] == after[u]} == {"many-1", "many-2", "many-3"}


def test_consumers_that_change_places_wait_for_each_other(shop: Project) -> None:
    """Two singletons swap what they consume, and one of them takes its time to end: neither finds a lock held."""
    broker = f"mqtt://{uuid.uuid4().hex}.invalid"
    slow = ["/bin/sh", "-c", "trap 'sleep 2; exit' TERM; while :; do sleep 0.1; done"]

    def write(first: str, second: str) -> None:
        def consumer(name: str, topic: str, command: list[str]) -> Text:
            consumes = {"broker": broker, "topics": [f"{topic}/#"], "client_id": name}
            return idle(kind="singleton", command=command, consumes=consumes)

        shop.write({"one": consumer("one", first, ["/bin/sleep", "86400"]), "two": consumer("two", second, slow)})

    write("a", "b")
    ended(shop.run("up"), 0)
    before = shop.pids()
    write("b", "a")
    ended(shop.run("up"), 0, "one-0: replacing", "two-0: replacing")
    assert not set(before.values()) & set(shop.pids().values())
