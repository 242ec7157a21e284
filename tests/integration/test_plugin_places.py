"""Several places to listen on, unix sockets, and a backlog that is as deep as procman made it."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from procman.core.lifecycle import Alive
from procman.core.manifest import Address, Ready
from procman.core.places import Place, UnixSocket
from tests.integration.test_plugin_readiness import HEALTH
from tests.support.supervised import Lab, Unit, ask, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

ALL = """
import os, selectors, signal, socket, sys
given = [socket.socket(fileno=3 + n) for n in range(int(os.environ["LISTEN_FDS"]))]
waiting = selectors.DefaultSelector()
for number, listener in enumerate(given):
    listener.setblocking(False)  # all are woken for a unix socket: who is late must go on to its other sockets
    listener.listen(3)
    waiting.register(listener, selectors.EVENT_READ, number)
while True:
    for key, _ in waiting.select():
        try:
            connection, _ = key.fileobj.accept()
        except BlockingIOError:
            continue
        connection.sendall(f"{sys.argv[1]} {key.data}".encode())
        connection.close()
"""
"""A service: tells each client its name and which of its sockets that came by."""


def units(places: tuple[Place, ...], size: int = 2, script: str = ALL, **changes: object) -> list[Unit]:
    """Some instances that listen at `places`."""
    return [Unit(f"api-{n}", script, listens=places, **changes) for n in range(size)]  # type: ignore[arg-type]


def ready(lab: Lab, size: int = 2) -> None:
    """Wait until all are ready."""
    for number in range(size):
        wait_until(lambda n=number: lab.unit(f"api-{n}").ready, 30, f"it is ready:\n{lab.log()}")  # type: ignore[misc]


def ask_unix(path: Path) -> str:
    """Return what is answered at the unix socket `path`."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(str(path))
        return sock.recv(100).decode()


def test_every_place_is_served_by_every_instance(tmp_path: Path) -> None:
    """Two ports, IPv6 and a unix socket: descriptors in the order of the manifest, each place by all instances."""
    here, there, six = (Address(h, free_port(h)) for h in ("127.0.0.1", "127.0.0.1", "::1"))
    path = tmp_path / "api.sock"
    with Lab(units((here, UnixSocket(str(path)), there, six))) as lab:
        ready(lab)
        for number, place in ((0, here), (2, there), (3, six)):
            assert {ask(place) for _ in range(80)} == {f"api-{n} {number}" for n in range(2)}
        assert {ask_unix(path) for _ in range(80)} <= {f"api-{n} 1" for n in range(2)}
        lab.stop("api-0")
        for number, place in ((0, here), (2, there), (3, six)):
            assert {ask(place) for _ in range(40)} == {f"api-1 {number}"}
        assert {ask_unix(path) for _ in range(20)} == {"api-1 1"}


def test_unix_socket_has_its_owner_and_mode(tmp_path: Path) -> None:
    """Mode, and as root owner and group, are as asked; the name goes with the last instance that is released."""
    path = tmp_path / "api.sock"
    ids = (12345, 54321) if os.geteuid() == 0 else (-1, -1)
    with Lab(units((UnixSocket(str(path), 0o606, ids=ids),))) as lab:
        ready(lab)
        found = path.stat()
        assert stat.S_IMODE(found.st_mode) == 0o606
        assert ids in ((-1, -1), (found.st_uid, found.st_gid))
        for name in ("api-0", "api-1"):
            lab.stop(name)
        lab.client.release("api", 1)
        assert path.exists()
        lab.client.release("api", 0)
        assert not path.exists()


def test_name_of_a_dead_manager_is_no_obstacle(tmp_path: Path) -> None:
    """A socket that nobody listens on is taken; one that somebody listens on, or another file, is not."""
    path = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(path))
    with Lab(units((UnixSocket(str(path)),), 1)) as lab:
        ready(lab, 1)
        assert ask_unix(path) == "api-0 0"
    path.unlink(missing_ok=True)
    path.write_text("precious", encoding="utf-8")
    with Lab(units((UnixSocket(str(path)),), 1)) as lab:
        wait_until(lambda: "cannot listen on unix:" in (lab.unit("api-0").reason or ""), 20, "it is refused")
    assert path.read_text(encoding="utf-8") == "precious"


def test_probe_over_a_unix_socket_finds_its_instance(tmp_path: Path) -> None:
    """Though all share one unix socket, only the instance whose own answer is good is ready."""
    place = UnixSocket(str(tmp_path / "api.sock"))
    with Lab(units((place,), 2, HEALTH, ready=Ready("/health"))) as lab:
        (lab.state / "api-1.good").touch()
        wait_until(lambda: lab.unit("api-1").ready, 30, f"it is ready:\n{lab.log()}")
        wait_until(lambda: "HTTP 503" in (lab.unit("api-0").awaits or ""), 30, "the other has answered too")
        assert not lab.unit("api-0").ready


def test_alive_is_asked_over_a_unix_socket(tmp_path: Path) -> None:
    """The one whose /health has gone bad is ended and started again; the other, on the same socket, is not."""
    place = UnixSocket(str(tmp_path / "api.sock"))
    alive = Alive(http="/health", interval=0.2, failures=2)
    with Lab(units((place,), 2, HEALTH, alive=alive)) as lab:
        for number in range(2):
            (lab.state / f"api-{number}.good").touch()
        ready(lab)
        before = [lab.unit(f"api-{n}").pid for n in range(2)]
        (lab.state / "api-0.good").unlink()
        lab.wait_restarted("api-0", before[0])
        assert lab.unit("api-1").pid == before[1]


def test_backlog_survives_the_programs_own_listen() -> None:
    """The program makes its backlog 3; once it is ready it is as deep as procman made it, up to the host's limit."""
    address = Address("127.0.0.1", free_port())
    with Lab([Unit("api-0", ALL, address)]) as lab:
        ready(lab, 1)
        os.kill(lab.unit("api-0").pid or 0, signal.SIGSTOP)
        waiting = [socket.create_connection((address.host, address.port), timeout=20) for _ in range(60)]
        wait_until(lambda: lab.unit("api-0").queued == len(waiting), 20, "all of them wait in the queue")
        os.kill(lab.unit("api-0").pid or 0, signal.SIGCONT)
        assert [sock.recv(100) for sock in waiting] == [b"api-0 0"] * len(waiting)
        for sock in waiting:
            sock.close()


def test_changed_places_move_with_the_replacement(tmp_path: Path) -> None:
    """A replacement that listens at one place more, and at one less, leaves the old ones open until it is ready."""
    one, two = Address("127.0.0.1", free_port()), Address("127.0.0.1", free_port())
    path = tmp_path / "api.sock"
    with Lab(units((one, UnixSocket(str(path))), 1)) as lab:
        ready(lab, 1)
        lab.units = units((one, two), 1)
        lab.write()
        lab.client.reload_config()
        number = lab.client.replace("api-0", "a test")
        wait_until(lambda: (j := lab.unit("api-0").job) and (j.number, j.phase) == (number, "done"), 30, lab.log())
        assert (ask(one), ask(two), path.exists()) == ("api-0 0", "api-0 1", False)


def test_somebody_else_may_not_be_pushed_aside(tmp_path: Path) -> None:
    """A unix socket on which another program listens stays that program's."""
    path = tmp_path / "api.sock"
    script = f"import socket; s = socket.socket(1); s.bind({str(path)!r}); s.listen(); print(flush=True)"
    script += "\nwhile True: s.accept()"
    with subprocess.Popen([sys.executable, "-S", "-c", script], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with Lab(units((UnixSocket(str(path)),), 1)) as lab:
            wait_until(lambda: "in use" in (lab.unit("api-0").reason or ""), 20, "it is refused")
        assert other.poll() is None
        other.kill()
