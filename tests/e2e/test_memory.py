"""Memory limits from the manifest to the replaced instance, with a real project."""

import sys

import pytest

from tests.support.projects import Project, ended, service
from tests.support.tiwater import need
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PATIENCE = 60.0
LEAK = service("leak", "150")


def leak(shop: Project, memory: object) -> None:
    """Write a project of one leaking consumer."""
    shop.write({"leak": {"kind": "singleton", "command": LEAK, "memory": memory, **shop.only("leak")}})


def test_a_leak_is_replaced_and_told(shop: Project) -> None:
    """An instance that grows past its limit is replaced; status and events say so; nothing counts as failed."""
    leak(shop, {"limit": "60M", "hard": "300M"})
    shop.up()
    former = shop.pids()["leak-0"]
    shop.renewed("leak-0", former)
    row = shop.reach({"leak-0": "running"})["instances"][0]
    assert (row["limit_bytes"], row["memory_replacements"], row["restarts"]) == (60 << 20, 1, 0)
    ended(shop.run("events", "leak"), 0, "memory-warning", "memory-limit", "60 MiB")


def test_a_new_limit_holds_without_a_restart(shop: Project) -> None:
    """`up` with another limit alone restarts nothing, and the new one is the one that counts."""
    leak(shop, "400M")
    shop.up()
    former = shop.pids()["leak-0"]
    wait_until(lambda: shop.status()["instances"][0]["memory_bytes"] > 140 << 20, PATIENCE, "it has grown", 0.2)
    leak(shop, "60M")
    ended(shop.run("up"), 0, "0 to replace")
    assert shop.renewed("leak-0", former)


def test_a_kill_by_the_hard_limit_is_told_apart(shop: Project) -> None:
    """A burst past the hard limit is ended by the kernel, and `why` says that it was that."""
    bursts = "import time; time.sleep(2); kept = b'x' * (400 << 20); time.sleep(60)"
    command = [sys.executable, "-S", "-I", "-c", bursts]
    memory = {"limit": "150M", "hard": "150M"}
    shop.write({"api": {"kind": "scalable", "command": command, "memory": memory, "restart": {"max": 0}}})
    shop.up()
    if not shop.run("status", "--json").json()["manager"]["protections"]["cgroup"]:
        pytest.skip("no control groups here")
    shop.reach({"api-0": "failed"})
    ended(shop.run("why", "api"), 0, "SIGKILL, killed by the kernel for its hard memory limit, 150 MiB")
    assert "hard-limit" in [death["cause"] for death in shop.run("why", "api", "--json").json()["deaths"]]


def test_node_knows_its_limit(shop: Project) -> None:
    """With `runtime: node` V8 itself says the heap that follows from the limit."""
    need("node", "nodejs")
    says = "console.log(require('v8').getHeapStatistics().heap_size_limit >> 20); setTimeout(() => {}, 1e6)"
    shop.write({"api": {"kind": "scalable", "command": ["node", "-e", says], "runtime": "node", "memory": "400M"}})
    shop.up()
    said = wait_until(lambda: (shop.state / "logs/api-0.log").read_text(encoding="utf-8").split(), PATIENCE, "it said")
    assert 300 <= int(said[0]) <= 360
