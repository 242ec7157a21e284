"""The launcher and the plugin's socket: saying hello, being handed the listening socket, being told no."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from procman.runtime import hello
from tests.support.launching import Bench, Started, environ, runs
from tests.support.waiting import wait_until

FOREIGN = """
import socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.bind(sys.argv[1])
server.listen()
print("listening", flush=True)
while True:
    client, _ = server.accept()
    client.send(b"ok")
"""


class Store:
    """A stand-in for the plugin that speaks its protocol: one answer for all, and what it heard."""

    def __init__(self, path: Path, answer: bytes | None, descriptors: list[int]) -> None:
        self.path = path
        self.heard: list[list[bytes]] = []
        self._answer = answer
        self._descriptors = descriptors
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.bind(str(path))
        self._socket.listen()
        self._clients: list[socket.socket] = []

    def serve(self) -> None:
        """Answer until the socket is shut down."""
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self._clients.append(client)
            heard = client.recv(4096).split(b"\0")
            if heard[0] == b"orphans":  # nothing is left behind
                client.send(b"ok")
                continue
            self.heard.append(heard)
            if self._answer is not None:
                socket.send_fds(client, [self._answer], self._descriptors)

    def end(self) -> None:
        """Hang up on all."""
        self._socket.shutdown(socket.SHUT_RDWR)
        for held in (self._socket, *self._clients):
            held.close()


@contextmanager
def store(bench: Bench, answer: bytes | None, descriptors: list[int] | None = None) -> Iterator[Store]:
    """A store that gives this answer to all who ask; None leaves them waiting."""
    made = Store(bench.folder / "store", answer, descriptors or [])
    thread = threading.Thread(target=made.serve)
    thread.start()
    try:
        yield made
    finally:
        made.end()
        thread.join(10)


def start(bench: Bench, spec: Path, at: Path | None = None) -> Started:
    """Start a launcher that knows a store."""
    return bench.start(spec, env={"PROCMAN_STORE": str(at or bench.folder / "store")})


def test_the_listening_socket_is_descriptor_3(bench: Bench) -> None:
    """The socket activation convention: descriptor 3, LISTEN_*, and HOST and PORT besides."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with store(bench, b"ok", [server.fileno()]) as plugin:
            started = start(bench, bench.api(instance="1", listen=f"{port} 127.0.0.1")).becomes()
            state = bench.state.encode()
            assert plugin.heard == [[b"start", b"api-1", state, b"api", b"1", f"{port} 127.0.0.1".encode()]]
        inode = os.fstat(server.fileno()).st_ino
        assert Path(f"/proc/{started.pid}/fd/3").stat().st_ino == inode
    started.keeps_open(0, 1, 2, 3)
    found = environ(started.pid)
    names = (b"LISTEN_FDS", b"LISTEN_PID", b"LISTEN_FDNAMES", b"HOST", b"PORT")
    values = [b"1", str(started.pid).encode(), b"api", b"127.0.0.1", str(port).encode()]
    assert [found[name] for name in names] == values
    assert b"PROCMAN_STORE" not in found


def test_a_singleton_that_listens_has_both(bench: Bench) -> None:
    """The socket on 3, the deed and the lock behind it and high up."""
    with socket.create_server(("127.0.0.1", 0)) as server, store(bench, b"ok", [server.fileno()]):
        port = server.getsockname()[1]
        started = start(bench, bench.spec(listen=f"{port} 127.0.0.1")).becomes()
        started.keeps_open(0, 1, 2, 3, 4, 5, high=2)
        assert Path(f"/proc/{started.pid}/fd/3").readlink().name.startswith("socket:")


SABOTEUR = """
import os, sys
from procman.runtime import chain, hello
put = hello._put
def too_far(descriptors):
    put(descriptors)
    os.dup2(3, 4)
hello._put = too_far
chain.run(sys.argv[1:])
"""


def test_a_lock_that_a_socket_was_put_on_starts_nothing(bench: Bench) -> None:
    """75, with the lock and its descriptor, and the manager is told that it is held."""
    with socket.create_server(("127.0.0.1", 0)) as server, store(bench, b"ok", [server.fileno()]) as plugin:
        spec = bench.spec(listen=f"{server.getsockname()[1]} 127.0.0.1")
        known = {"PROCMAN_STORE": str(plugin.path), "PYTHONPATH": str(Path(hello.__file__).parents[2])}
        started = bench.start(spec, env=known, command=(sys.executable, "-c", SABOTEUR))
        code, said = started.refused()
        assert (code, "at descriptor 4: that is another file by now" in said) == (75, True), said
        wait_until(lambda: [heard[0] for heard in plugin.heard] == [b"start", b"held"], 10, "it was told")


def test_without_listen_the_plugin_only_hears_of_the_start(bench: Bench) -> None:
    """Three words, and no LISTEN_ variables."""
    with store(bench, b"ok") as plugin:
        started = start(bench, bench.spec()).becomes()
        assert plugin.heard == [[b"start", b"mqtt-0", bench.state.encode()]]
    assert not [name for name in environ(started.pid) if name.startswith(b"LISTEN")]


def test_the_plugins_no_is_said_and_its_code_used(bench: Bench) -> None:
    """The reason goes to the service's log, in one line whatever it holds."""
    with store(bench, b"no\x0078\0address in use\nby pid 7"):
        code, said = start(bench, bench.api(listen="80 0.0.0.0")).refused()
    assert (code, said) == (78, "procman: api-0: address in use?by pid 7\n")


def test_an_answer_that_is_not_understood_starts_nothing(bench: Bench) -> None:
    """Silence, nonsense, a missing socket and one too many: 76 each."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        for number, (answer, descriptors, listen) in enumerate(
            [
                (b"maybe", [], None),
                (b"", [], None),
                (b"ok", [], "80 h"),
                (b"ok", [server.fileno()], None),
                (b"no", [], None),
            ]
        ):
            with store(bench, answer, descriptors) as plugin:
                assert start(bench, bench.api(listen=listen)).refused()[0] == 76, number
            plugin.path.unlink()


def test_a_manager_that_does_not_answer_is_given_up(bench: Bench) -> None:
    """A bounded wait, then 76: the launcher never hangs."""
    with store(bench, None) as plugin:
        started = start(bench, bench.api())
        wait_until(lambda: plugin.heard, 10, "it asked")
        assert hello.ANSWER_WITHIN < 10
        assert started.refused()[0] == 76


def test_a_store_that_is_not_there_is_76(bench: Bench) -> None:
    """No socket at the path: the manager is ending, or gone."""
    code, said = start(bench, bench.api()).refused()
    assert (code, "does not answer" in said) == (76, True)


def test_only_the_parent_is_believed(bench: Bench) -> None:
    """Somebody else who listens at that path is found out by his pid, whatever he answers."""
    path = bench.folder / "store"
    command = [sys.executable, "-c", FOREIGN, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as foreign:
        assert foreign.stdout is not None
        foreign.stdout.readline()
        code, said = start(bench, bench.api()).refused()
        foreign.kill()
    assert (code, f"pid {foreign.pid} answers in place of the manager" in said) == (76, True)


def test_listen_needs_the_plugin(bench: Bench) -> None:
    """Started by a supervisord without it: 78, since nobody holds the socket."""
    code, said = bench.start(bench.api(listen="80 0.0.0.0")).refused()
    assert (code, "plugin" in said) == (78, True)


def test_a_held_lock_is_reported_so_that_the_unit_is_parked(bench: Bench) -> None:
    """The plugin hears the reason that stands in the log, and any answer will do."""
    first = bench.start(bench.spec()).becomes()
    with store(bench, b"whatever") as plugin:
        code, said = start(bench, bench.spec(service="two")).refused()
    assert (code, len(plugin.heard)) == (75, 1)
    word, unit, reason = plugin.heard[0]
    assert (word, unit, reason.decode() in said) == (b"held", b"two-0", True)
    assert f"pid {first.pid}" in reason.decode()
    assert runs(first.pid)


def test_a_plugin_that_does_not_listen_delays_no_refusal(bench: Bench) -> None:
    """The report is best effort: 75 also when nobody takes it."""
    bench.start(bench.spec()).becomes()
    with store(bench, None):
        assert start(bench, bench.spec(service="two")).refused()[0] == 75
    assert start(bench, bench.spec(service="two"), Path("/no/such/socket")).refused()[0] == 75
