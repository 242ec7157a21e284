"""An `up` that fails leaves what ran before as it ran, and says why in the words of the service."""

import json
from urllib.request import urlopen

import pytest

from tests.support.projects import Project, ended, service

pytestmark = pytest.mark.slow

QUICK = {"start": {"time": "500ms"}, "restart": {"max": 1, "within": "10s", "delay": "100ms"}}


def test_a_crashing_new_version_is_undone(running: Project) -> None:
    """When a new version crashes, `up` ends with 1 and its last words, and the old version answers again."""
    before = running.pids()
    running.write({"api": running.api(command=service("crasher"), **QUICK), "mqtt": running.mqtt()})
    ended(running.run("up"), 1, "api-0 was not replaced", "exit status 3", "crasher: cannot reach the database")
    assert running.pids() == before
    running.reach({"api-0": "ready"})
    answers = {_answer(running)["instance"] for _ in range(40)}
    assert answers == {"0", "1"}
    running.write()
    ended(running.run("up"), 0, "nothing to change: 3 unchanged")


def test_one_that_never_accepts_is_undone(running: Project) -> None:
    """When a new version runs but never accepts on its address, `up` ends with 1 and brings back the old one."""
    before = running.pids()
    slow = {"listen": f"127.0.0.1:{running.port}", "ready": {"timeout": "500ms"}}
    running.write({"api": running.api(command=service("talker", "3"), **QUICK, **slow), "mqtt": running.mqtt()})
    ended(running.run("up"), 1, "was not ready within", "the last lines of api-0", "  line 000")
    assert running.pids() == before
    running.reach({"api-0": "ready"})


def test_the_last_words_are_of_the_process_that_failed(running: Project) -> None:
    """What an earlier version wrote is not shown as the words of one that said nothing."""
    quiet = {
        "kind": "scalable",
        "command": "echo all is well; exec sleep 1000",
        "shell": True,
        "memory": "20M",
        **QUICK,
    }
    running.write({"api": running.api(), "mqtt": running.mqtt(), "worker": quiet})
    ended(running.run("up"), 0)
    running.write({"api": running.api(), "mqtt": running.mqtt(), "worker": {**quiet, "command": "exit 4"}})
    done = ended(running.run("up"), 1, "exit status 4", "worker-0 wrote nothing to its log")
    assert "all is well" not in done.said
    running.write(
        {"api": running.api(), "mqtt": running.mqtt(), "worker": {**quiet, "command": "echo oh dear; exit 4"}}
    )
    done = ended(running.run("up"), 1, "the last lines of worker-0", "oh dear")
    assert "all is well" not in done.said


def test_a_failing_new_service_touches_nobody(running: Project) -> None:
    """A new service that ends at once makes `up` fail, and is gone again; all that ran keeps its pid."""
    before = running.pids()
    failing = {"kind": "scalable", "command": service("crasher"), "memory": "20M", **QUICK}
    running.write({"api": running.api(), "mqtt": running.mqtt(), "worker": failing})
    ended(running.run("up"), 1, "worker-0 failed", "exit status 3", "crasher: cannot reach the database")
    assert running.pids() == before
    assert "worker-0" not in running.states()


def test_what_was_brought_back_survives_an_update(running: Project) -> None:
    """After a failed `up` the rendered file is what runs: supervisord finds nothing to change in it."""
    before = running.pids()
    running.write({"api": running.api(command=service("crasher"), **QUICK), "mqtt": running.mqtt()})
    ended(running.run("up"), 1)
    assert running.client().reload_config() == ((), (), ())
    assert running.pids()["mqtt-0"] == before["mqtt-0"]


def test_a_failing_first_start_leaves_nothing(shop: Project) -> None:
    """When the very first `up` fails, no process is left, the project was never started, and a good `up` works."""
    worker = {"kind": "singleton", "command": service("crasher"), **QUICK, **shop.only("work")}
    shop.write({"api": shop.api(), "worker": worker})
    ended(shop.run("up"), 1, "crasher: cannot reach the database")
    assert shop.processes() == []
    shop.status_code(4)
    for command, code in ((("events",), 0), (("logs",), 0), (("why", "worker"), 1)):
        ended(shop.run(*command), code, "no start of the project has succeeded", str(shop.state))
    shop.write()
    ended(shop.run("up"), 0)


def _answer(shop: Project) -> dict[str, str]:
    with urlopen(f"http://127.0.0.1:{shop.port}/") as answer:
        found: dict[str, str] = json.load(answer)
        return found
