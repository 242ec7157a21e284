"""Readiness of one process among several on one address, seen from inside supervisord."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from procman.core.manifest import Address, Ready
from tests.support.supervised import SLEEPS, Lab, Unit, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

GIVEN = "import socket, os, select, sys, time\ns = socket.socket(fileno=3)\n"
WAITS = {
    "accept": "while True: s.accept()[0].close()",
    "accept in a thread": "import threading; threading.Thread(target=s.accept).start(); time.sleep(99)",
    "accept with a timeout": "s.settimeout(99); s.accept()",
    "epoll": "e = select.epoll(); e.register(s); e.poll()",
    "poll": "p = select.poll(); p.register(0); p.register(s); p.poll()",
    "select": "select.select([0, s], [], [])",
    "epoll in a child": "e = select.epoll()\nif os.fork(): os.wait()\ne.register(s); e.poll()",
    "accept of a copy": "t = s.dup(); s.close(); t.accept()",
}
DOES_NOT = {
    "sleep": "time.sleep(99)",
    "select of nothing": "select.select([], [], [], 99)",
    "select of another": "select.select([socket.create_server(('127.0.0.1', 0))], [], [])",
    "poll of another": "p = select.poll(); p.register(0); p.poll()",
    "write of it": "select.select([], [s], [], 99)",
    "an empty epoll": "select.epoll().poll()",
}

HEALTH = """
import os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import socket
class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass
    def do_GET(self):
        good = self.path != "/health" or os.path.exists(f"{sys.argv[1]}.good")
        self.send_response(200 if good else 503)
        self.end_headers()
        self.wfile.write(f"{sys.argv[1]} {os.getpid()}".encode())
class Server(ThreadingHTTPServer):
    def __init__(self):
        ThreadingHTTPServer.__init__(self, ("", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = socket.socket(fileno=3)
Server().serve_forever()
"""
"""GET /health is 200 when there is a file that says so, and 503 before."""

NOTIFIES = """
import os, socket, sys, time, signal
who = os.fork() if sys.argv[1] == "job-1" else 0
if who: signal.pause()
while not os.path.exists(f"{sys.argv[1]}.good"): time.sleep(0.02)
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.connect(os.environ["NOTIFY_SOCKET"].replace("@", chr(0), 1))
sock.send(b"STATUS=warm\\nREADY=1")
signal.pause()
"""


def settled(lab: Lab, name: str) -> None:
    """Wait until `name` runs."""
    lab.wait(name, "RUNNING")


def soon(check: Callable[[], bool], lab: Lab) -> None:
    """Wait for `check`."""
    wait_until(check, 30, f"it is so; supervisord said:\n{lab.log()}")


def ready(lab: Lab, name: str) -> Callable[[], bool]:
    """Return what tells whether `name` is ready."""
    return lambda: lab.unit(name).ready


def test_every_way_of_waiting_is_seen() -> None:
    """By accept, epoll, poll and select, in a thread, in a child and on a copy: each is ready without its help."""
    units = [
        Unit(f"w{n}-0", GIVEN + script, Address("127.0.0.1", free_port())) for n, script in enumerate(WAITS.values())
    ]
    with Lab(units) as lab:
        for unit in units:
            soon(ready(lab, unit.name), lab)


def test_nothing_else_is_taken_for_it() -> None:
    """A process that holds the socket and waits for something else is not ready, and what is missing is said."""
    units = [
        Unit(f"w{n}-0", GIVEN + script, Address("127.0.0.1", free_port())) for n, script in enumerate(DOES_NOT.values())
    ]
    with Lab([*units, Unit("last-0", startsecs=2)]) as lab:
        settled(lab, "last-0")  # later than any of them could have been looked at
        for unit in units:
            assert not lab.unit(unit.name).ready
            assert f"does not wait for connections on {unit.listen}" in (lab.unit(unit.name).awaits or "")


def test_probe_is_answered_by_the_very_instance() -> None:
    """Of three on one address only those whose own /health is good are ready, though others answer beside them."""
    address = Address("127.0.0.1", free_port())
    with Lab([Unit(f"api-{n}", HEALTH, address, ready=Ready("/health")) for n in range(3)]) as lab:
        for number in (1, 0, 2):
            (lab.state / f"api-{number}.good").touch()
            soon(ready(lab, f"api-{number}"), lab)
        lab.stop("api-2")
        (lab.state / "api-2.good").unlink()
        lab.client.start("api-2")
        settled(lab, "api-2")
        soon(lambda: "HTTP 503" in (lab.unit("api-2").awaits or ""), lab)
        assert [lab.unit(f"api-{n}").ready for n in range(3)] == [True, True, False]


@pytest.mark.parametrize("host", ["::1", "0.0.0.0", "localhost"])
def test_probe_reaches_every_kind_of_address(host: str) -> None:
    """On IPv6, every interface and localhost the probe finds its instance as well."""
    address = Address(host, free_port("::1" if host == "::1" else "127.0.0.1"))
    with Lab([Unit(f"api-{n}", HEALTH, address, ready=Ready("/health")) for n in range(2)]) as lab:
        (lab.state / "api-1.good").touch()
        soon(lambda: lab.unit("api-1").ready, lab)
        soon(lambda: "HTTP 503" in (lab.unit("api-0").awaits or ""), lab)


def test_probe_that_nobody_answers_blocks_nothing() -> None:
    """A server that accepts and says nothing is not ready, and supervisord answers all the time."""
    address = Address("127.0.0.1", free_port())
    script = GIVEN + "kept = []\nwhile True: kept.append(s.accept())"
    with Lab([Unit("api-0", script, address, ready=Ready("/health"))]) as lab:
        soon(lambda: "no answer within 2 s" in (lab.unit("api-0").awaits or ""), lab)
        assert not lab.unit("api-0").ready


def test_notify_comes_from_the_process_or_its_child() -> None:
    """READY=1 makes ready whose process, or whose child, has said it; not another, and not a stranger."""
    units = [Unit(f"job-{n}", NOTIFIES, ready=Ready(notify=True)) for n in range(3)]
    with Lab([*units, Unit("last-0")]) as lab:
        settled(lab, "last-0")
        assert [lab.unit(f"job-{n}").ready for n in range(3)] == [False] * 3
        for number in (1, 0):
            (lab.state / f"job-{number}.good").touch()
            soon(ready(lab, f"job-{number}"), lab)
        assert "READY=1" in (lab.unit("job-2").awaits or "")


def test_stranger_cannot_notify() -> None:
    """A process that was not started here says READY=1 in vain."""
    with Lab([Unit("job-0", SLEEPS, ready=Ready(notify=True))]) as lab:
        settled(lab, "job-0")
        names = [line.split()[-1] for line in Path("/proc/net/unix").read_text().splitlines()]
        name = next(n for n in names if n.startswith(f"@procman-notify-{lab.pid}-"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            for _ in range(200):
                sock.sendto(b"READY=1", name.replace("@", "\0", 1))
        assert not lab.unit("job-0").ready
