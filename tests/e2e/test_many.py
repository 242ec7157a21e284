"""Hundreds of instances that start at once: each start is one start, and none is told as a crash."""

from __future__ import annotations

import pytest

from tests.support.projects import Project, ended

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SERVICES = 300


@pytest.mark.parametrize("kind", ["scalable", "singleton"])
def test_hundreds_start_without_one_failed_start(shop: Project, kind: str) -> None:
    """More launchers ask at once than a socket's queue once held, and each is answered at its first start."""
    idle = {"kind": kind, "command": ["/bin/sleep", "86400"], "memory": "4M"}
    shop.write(
        {f"s{n:03}": idle | (shop.only(f"t{n}") if kind == "singleton" else {}) for n in range(SERVICES)},
        budget={"ram": "8G"},
    )
    ended(shop.run("up", timeout=200), 0)
    events = ended(shop.run("events", "--json", "--lines", "100000"), 0).json()["events"]
    assert len(events) >= SERVICES
    assert [] == [event for event in events if event["event"] == "exit"]
    status = ended(shop.run("status", "--json"), 0).json()
    assert {("running", 0)} == {(one["state"], one["restarts"]) for one in status["instances"]}
    assert len(status["instances"]) == SERVICES
