"""What dies by itself is started again, and what dies for ever is given up, in words."""

import os
import signal
from pathlib import Path

import pytest

from tests.support.projects import PATIENCE, Project, ended, service
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def test_a_killed_instance_is_started_again(running: Project) -> None:
    """After kill -9 an instance runs under a new pid, its restart is counted, and its siblings run on."""
    before = running.pids()
    os.kill(before["api-0"], signal.SIGKILL)
    running.renewed("api-0", before["api-0"])
    document = running.reach({"api-0": "ready"})
    after = running.pids()
    assert {u for u in after if after[u] != before[u]} == {"api-0"}
    assert [i["restarts"] for i in document["instances"]] == [1, 0, 0]


def test_a_killed_consumer_is_started_again(running: Project) -> None:
    """After kill -9 there is one consumer, a new one."""
    before = running.pids()["mqtt-0"]
    os.kill(before, signal.SIGKILL)
    after = running.renewed("mqtt-0", before)
    running.reach({"mqtt-0": "running"})
    assert running.consumers() == [after]


def test_a_crash_loop_is_given_up_and_revived(shop: Project) -> None:
    """One that keeps dying after its start time ends in `failed` with a reason and status 3; `start` revives it."""
    flag = shop.folder / "broken"
    worker = {
        "kind": "singleton",
        "command": f"test -e {flag} && exit 7; exec sleep 1000",
        "shell": True,
        "memory": "10M",
        "start": {"time": "300ms"},
        "restart": {"max": 2, "within": "60s", "delay": "100ms"},
        **shop.only("work"),
    }
    shop.write({"api": shop.api(instances=1), "worker": worker})
    ended(shop.run("up"), 0)
    sibling = shop.pids()["api-0"]
    flag.touch()
    os.kill(shop.pids()["worker-0"], signal.SIGKILL)
    _reach(shop, "worker-0", "FATAL")
    row = next(i for i in shop.status(3)["instances"] if i["service"] == "worker")
    assert row["state"] == "failed"
    assert "failures within 60 s" in row["reason"]
    assert "exit status 7" in row["reason"]
    ended(shop.run("status"), 3, "failures within 60 s")
    ended(shop.run("start", "worker"), 1, "worker-0 failed")
    flag.unlink()
    ended(shop.run("start", "worker"), 0)
    assert shop.states() == {"api-0": "ready", "worker-0": "running"}
    assert shop.pids()["api-0"] == sibling


def test_one_that_dies_after_its_start_time_is_given_up(shop: Project) -> None:
    """A slow crash loop, each run longer than the start time, ends in `failed`, too; `up` had called it ready."""
    shop.write({"worker": {"kind": "scalable", "command": service("crasher", "1.2"), "memory": "20M",
                           "restart": {"max": 1, "within": "60s", "delay": "100ms"}}})  # fmt: skip
    ended(shop.run("up"), 0)
    _reach(shop, "worker-0", "FATAL")
    shop.status_code(3)
    ended(shop.run("logs", "worker"), 0, "crasher: cannot reach the database")


def test_what_a_killed_wrapper_left_is_ended(shop: Project) -> None:
    """After kill -9 of a wrapper whose child lives on, the restart ends that child: one consumer."""
    shop.write({"mqtt": shop.mqtt(command=[*service("wrapper", "plain"), *service("consumer")])})
    ended(shop.run("up"), 0)
    (child,) = shop.consumers()
    wrapper = shop.pids()["mqtt-0"]
    assert Path(f"/proc/{child}").exists()
    os.kill(wrapper, signal.SIGKILL)
    shop.renewed("mqtt-0", wrapper)
    wait_until(lambda: len(shop.consumers()) == 1 and shop.consumers() != [child], PATIENCE, "one new consumer runs")


def _reach(shop: Project, unit: str, statename: str) -> None:
    def there() -> bool:
        seen = shop.client().status().unit(unit)
        return seen is not None and seen.statename == statename

    wait_until(there, PATIENCE, f"{unit} is {statename}")
