"""Instances that do not listen are replaced together: beside each other, but never all of a service, and in order."""

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


def test_half_of_a_service_goes_first(shop: Project) -> None:
    """Of four instances two are replaced, and the others when those are ready."""
    shop.write({"many": idle(instances=4)})
    ended(shop.run("up"), 0)
    said = ended(shop.run("restart"), 0).said
    places = [said.index(f"many-{n}: replacing") for n in range(4)]
    assert places[1] < said.index("many-1: ready after") < places[2], said


def test_what_depends_waits(shop: Project) -> None:
    """A service is replaced when that is ready which it depends on."""
    shop.write({"base": idle(), "top": idle(depends_on={"base": "started"})})
    ended(shop.run("up"), 0)
    said = ended(shop.run("restart"), 0).said
    assert said.index("base-0: ready after") < said.index("top-0: replacing"), said


def test_a_failure_begins_nothing_more(shop: Project) -> None:
    """The half that fails is brought back, and the other keeps its processes."""
    shop.write({"many": idle(instances=4)})
    ended(shop.run("up"), 0)
    before = shop.pids()
    shop.write({"many": idle(instances=4, command=["/bin/sh", "-c", "echo no such luck; exit 3"])})
    ended(shop.run("up"), 1, "no such luck", "bringing back what ran before")
    after = shop.pids()
    assert {u for u in before if before[u] == after[u]} == {"many-2", "many-3"}
