"""A consumer whose guards are declared and not verified runs once, whatever is asked for."""

from __future__ import annotations

import pytest

from tests.support.projects import Project, ended

pytestmark = pytest.mark.slow

REASON = "share group 'shop' and unique key (time) of 'readings'"


def consumer(project: Project) -> dict[str, object]:
    """Return the consumer as a scalable service that asks for three and declares both guards."""
    guards = {"share": "shop", "dedup": {"database": "shop.db", "table": "readings", "key": ["time"]}}
    mqtt = project.mqtt()
    assert isinstance(mqtt["consumes"], dict)
    return {**mqtt, "kind": "scalable", "instances": 3, "consumes": {**mqtt["consumes"], **guards}}


def test_it_is_planned_started_and_kept_once(shop: Project) -> None:
    """`plan` and `up` say why one runs of three; `scale` beyond it is refused with the reason, and nothing changes."""
    shop.write({"mqtt": consumer(shop)})
    planned = ended(shop.run("plan"), 0)
    assert "mqtt is held at one instance" in planned.said
    document = ended(shop.run("plan", "--json"), 0).json()
    assert [(1, f"{REASON} not verified")] == [(s["instances"], s["held"]) for s in document["services"]]
    ended(shop.run("up"), 0, "PM407", "guard-unverified", "held at one instance")
    before = shop.pids()
    assert set(before) == {"mqtt-0"}
    ended(shop.run("scale", "mqtt=2"), 1, "PM202", "cannot be scaled to 2", REASON)
    assert shop.pids() == before


def test_another_project_cannot_run_it_beside(shop: Project) -> None:
    """It holds the host's lock on its topics like a singleton: 75 for whoever comes second."""
    shop.write({"mqtt": consumer(shop)})
    ended(shop.run("up"), 0)
    other = shop.beside("bakery")
    other.write({"reader": consumer(other)})
    before = shop.pids()
    ended(other.run("up"), 75, "reader-0", str(before["mqtt-0"]))
    assert shop.consumers() == [before["mqtt-0"]]
