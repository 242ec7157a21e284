"""A consumer that listens keeps its locks, whatever else it is handed."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from procman.runtime import procfs
from tests.support.projects import Project, Text, ended, service
from tests.support.supervised import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ADDRESSES, TOPICS, READY = range(5), range(1, 5), ("none", "ipc", "notify")


def handed(shop: Project, addresses: int, topics: int, ready: str) -> tuple[str, Text]:
    """Return a consumer by what it is handed: every second place is a unix socket."""
    name = f"c{addresses}{topics}{ready}"
    places = [f"127.0.0.1:{free_port()}" if at % 2 else f"unix:{name}-{at}.sock" for at in range(addresses)]
    consumes = {
        "broker": f"mqtt://{shop.scope}",
        "topics": [f"shop/{name}/{topic}" for topic in range(topics)],
        "client_id": name,
    }
    keys = {"kind": "singleton", "command": service("handed"), "memory": "10M", "consumes": consumes}
    more = {"listen": places} if places else {}
    return name, {**keys, **more, **({"ready": {ready: True}} if ready != "none" else {})}


def test_no_number_of_sockets_costs_a_lock(shop: Project) -> None:
    """0 to 4 addresses, 1 to 4 topics, each way to be ready: sockets from 3 on, every lock held, and `lock` said."""
    cases = {f"c{a}{t}{r}": (a, t, r) for a, t, r in product(ADDRESSES, TOPICS, READY)}
    shop.write(dict(handed(shop, *case) for case in cases.values()))
    ended(shop.run("up", timeout=200), 0)
    assert {row["guard"] for row in shop.status()["instances"]} == {"lock"}
    pids = shop.pids()
    assert len(pids) == len(cases) == 60
    for name, (addresses, topics, ready) in cases.items():
        pid = pids[f"{name}-0"]
        sockets = [Path(f"/proc/{pid}/fd/{3 + at}").readlink().name for at in range(addresses + (ready == "ipc"))]
        assert all(socket.startswith("socket:[") for socket in sockets), (name, sockets)
        files = [path.stat() for path in shop.locks.glob(f"f.shop%2F{name}%2F*")]
        assert (name, topics) == (name, sum(procfs.holds(pid, file.st_dev, file.st_ino) for file in files))


def test_another_project_is_refused_beside_one_that_listens_twice(shop: Project) -> None:
    """75, and the first is named: its lock is held from its first moment on."""
    _, first = handed(shop, 2, 1, "none")
    shop.write({"mqtt": first})
    shop.up()
    other = shop.beside("bakery")
    other.write({"reader": handed(other, 2, 1, "none")[1]})
    ended(other.run("up"), 75, "reader-0", f"is held by pid {shop.pids()['mqtt-0']} ")
