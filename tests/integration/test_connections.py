"""Who is connected to a port, as the kernel has it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from procman.adapters.connections import Connections, to_port


@contextmanager
def connected(host: str) -> Iterator[tuple[int, socket.socket]]:
    """A port with one connection to it, whose both ends are this process's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        port = server.getsockname()[1]
        with socket.create_connection((host, port)) as client, server.accept()[0]:
            yield port, client


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_client_of_a_connection_is_found(host: str) -> None:
    """Its pid, over IPv4 and IPv6; nobody any more once it is closed."""
    with connected(host) as (port, _):
        assert to_port(port) == Connections((os.getpid(),), 0)
    assert to_port(port).pids == ()


def test_who_only_listens_is_no_client() -> None:
    """A broker that waits for its first client has no connection to its own port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert to_port(server.getsockname()[1]) == Connections((), 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look as somebody else")
def test_what_cannot_be_attributed_is_counted() -> None:
    """Another user's connection is seen, and not whose it is."""
    look = "from procman.adapters.connections import to_port; import sys; f = to_port(int(sys.argv[1])); "
    look += "print(len(f.pids), f.unknown)"
    with connected("127.0.0.1") as (port, _):
        read = "import os; os.setresuid(65534, 65534, 65534); "
        # loaded as root, since a checkout may be closed to others; looked at as nobody
        script = look.replace("f = ", f"{read}f = ")
        done = subprocess.run([sys.executable, "-c", script, str(port)], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["0", "1"]


def test_a_child_that_inherited_the_connection_is_named_too() -> None:
    """Each process that could speak on it."""
    with connected("127.0.0.1") as (port, client):
        client.set_inheritable(True)
        with subprocess.Popen(["/bin/sleep", "100"], pass_fds=[client.fileno()]) as child:
            assert set(to_port(port).pids) == {os.getpid(), child.pid}
            child.kill()
