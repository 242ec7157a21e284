"""`why`: what ended each process of a real project, told apart."""

import os
import signal

import pytest

from tests.support.projects import PATIENCE, Project, ended, service
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

DIES = "echo the last words; sleep 1.5; exit 3"


def last(shop: Project, name: str) -> dict[str, object]:
    """Return the newest death of a service."""
    document = ended(shop.run("why", name, "--json"), 0).json()
    assert document["schema_version"] == 1
    return dict(document["deaths"][-1])


def test_who_ended_it_is_told_apart(shop: Project) -> None:
    """A signal from nowhere, an operator, a lost manager: each has its cause; also when the project is down."""
    ended(shop.run("why", "api"), 1)
    shop.up()
    ended(shop.run("why", "api"), 1, "nothing is known of a death of api")
    ended(shop.run("why", "nosuch"), 2, "there is no service or instance 'nosuch'")
    pid = shop.pids()["api-0"]
    os.kill(pid, signal.SIGKILL)
    shop.renewed("api-0", pid)
    death = last(shop, "api-0")
    assert (death["cause"], death["signal"], death["pid"]) == ("signal", signal.SIGKILL, pid)
    status = shop.reach({"api-0": "ready"})
    assert [i["last_death"]["cause"] for i in status["instances"] if i["last_death"]] == ["signal"]
    ended(shop.run("status"), 0, "api-0 died", "not sent by procman")
    ended(shop.run("restart", "mqtt"), 0)
    assert last(shop, "mqtt")["cause"] == "operator"
    assert "procman restart by" in str(last(shop, "mqtt")["sender"])
    manager = shop.manager()
    os.kill(manager, signal.SIGKILL)
    wait_until(lambda: not shop.consumers(), PATIENCE, "everything has died with it")
    shop.up()
    assert last(shop, "mqtt")["cause"] == "manager-died"
    assert f"pid {manager}" in str(last(shop, "mqtt")["sender"])
    ended(shop.run("down"), 0)
    shop.file.unlink()
    assert last(shop, "mqtt")["cause"] == "operator"
    assert "procman down by" in str(last(shop, "mqtt")["sender"])


def test_a_crash_has_its_last_words_and_memory_its_advice(shop: Project) -> None:
    """What a process wrote last stands under its death; what was replaced for memory gets advice."""
    dies = {"kind": "scalable", "command": DIES, "shell": True, "memory": "20M", "restart": {"max": 0}}
    memory = {"limit": "60M", "hard": "300M"}
    leak = {"kind": "singleton", "command": service("leak", "150"), "memory": memory, **shop.only("leak")}
    shop.write({"dies": dies, "leak": leak})
    shop.up()
    former = shop.pids()["leak-0"]
    shop.renewed("leak-0", former)
    death = last(shop, "leak")
    assert death["cause"] == "memory-limit"
    assert int(str(death["peak_bytes"])) > 60 << 20
    ended(shop.run("why", "leak"), 0, "stopped by procman: memory limit", "advice: limit 60M, usual peak")
    shop.reach({"dies-0": "failed"})
    assert last(shop, "dies")["words"] == ["the last words"]
    ended(shop.run("why", "dies"), 0, "dies-0 does not run: failed", "code 3, it failed by itself", "| the last words")
