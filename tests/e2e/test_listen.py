"""`listen` in a manifest: several places, unix sockets, a port that the program opens itself, and kills."""

from __future__ import annotations

import os
import signal
import socket
import stat

import pytest

from tests.support.asking import Load, get
from tests.support.projects import PATIENCE, Project, ended, service
from tests.support.supervised import free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def test_several_places_and_a_unix_socket(shop: Project) -> None:
    """Two ports and a unix socket in the manifest's folder, each answered; its mode is as written."""
    other = free_port()
    places = [f"127.0.0.1:{shop.port}", {"unix": "run.sock", "mode": "0600"}, f"127.0.0.1:{other}"]
    shop.write({"api": shop.api(command=service("steady"), listen=places)})
    shop.up()
    pids = set(shop.pids().values())
    assert {get(port)["pid"] for port in (shop.port, other) for _ in range(40)} == pids
    path = shop.folder / "run.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(str(path))
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b"200" in sock.recv(100)
    with Load(other) as load:
        ended(shop.run("reload"), 0, "replaced after")
        load.more()
    assert not load.failures
    ended(shop.run("up", "--dry-run"), 0, "nothing to change: 2 unchanged")
    ended(shop.run("down"), 0)
    assert not path.exists()


def test_only_a_unix_socket_and_a_probe(shop: Project) -> None:
    """A service that listens on nothing but a unix socket is probed there, is ready, and is replaced beside itself."""
    shop.write({"api": shop.api(command=service("steady"), listen="unix:run.sock", ready={"http": "/health"})})
    shop.up()
    assert set(shop.states().values()) == {"ready"}
    before = set(shop.pids().values())
    ended(shop.run("reload"), 0, "replaced after")
    assert not before & set(shop.pids().values())


def test_a_port_that_the_program_opens_itself(shop: Project) -> None:
    """`{port}` is told; nothing is held; readiness sees the program's own socket, and it is replaced in place."""
    command = service("binds", "{port}")
    shop.write({"api": shop.api(command=command)})
    shop.up()
    pids = shop.pids()
    assert {get(shop.port)["pid"] for _ in range(40)} == set(pids.values())
    ended(shop.run("scale", "api=3"), 0)
    ended(shop.run("reload", "api-1"), 0)
    after = shop.pids()
    assert (after["api-0"], after["api-1"] == pids["api-1"]) == (pids["api-0"], False)
    assert set(shop.states().values()) == {"ready"}


def test_an_orphan_with_the_socket_is_no_obstacle(shop: Project) -> None:
    """After kill -9 of the manager a grandchild still has the listening socket: `up` ends it and answers again."""
    shop.write({"api": shop.api(command=service("wrapped", *service("steady")), instances=2)})
    shop.up()
    old = {get(shop.port)["pid"] for _ in range(40)}
    assert not old & set(shop.pids().values())  # they are children of the instances
    os.kill(shop.manager(), signal.SIGKILL)
    wait_until(lambda: not shop.managers(), PATIENCE, "the manager is gone")
    shop.up()
    assert not {get(shop.port)["pid"] for _ in range(40)} & old
    assert set(shop.states().values()) == {"ready"}


def test_a_crash_loses_no_request_that_waits(shop: Project) -> None:
    """With one instance a kill leaves connections in the queue, and they are answered after the restart."""
    shop.write({"api": shop.api(command=service("steady", "slow=0.5"), instances=1)})
    shop.up()
    pid = shop.pids()["api-0"]
    os.kill(pid, signal.SIGSTOP)
    waiting = [socket.create_connection(("127.0.0.1", shop.port), timeout=PATIENCE) for _ in range(20)]
    for sock in waiting:
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
    os.kill(pid, signal.SIGKILL)
    answers = [sock.recv(200) for sock in waiting]
    for sock in waiting:
        sock.close()
    assert all(b"200" in answer for answer in answers)


def test_scaling_loses_nothing(shop: Project) -> None:
    """1 to 4 and back under load: no request fails, and the first instance keeps its pid."""
    shop.write({"api": shop.api(command=service("steady"), instances=1)})
    shop.up()
    first = shop.pids()["api-0"]
    with Load(shop.port) as load:
        for count in (4, 1, 3, 1):
            ended(shop.run("scale", f"api={count}"), 0)
            load.more()
    assert not load.failures
    assert shop.pids() == {"api-0": first}
