"""The preload of node: servers that know nothing of procman take the address they are handed, and drain."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from procman.adapters.host import PRELOADS
from procman.runtime import procfs
from tests.support.serving import (
    NODE_SERVERS,
    PATIENCE,
    certificate,
    drained,
    kept,
    node_packages,
    server,
)
from tests.support.tiwater import need
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

TERM = -signal.SIGTERM
CONNECTIONS = 400
COUNTS = """
const fs = require('fs')
const { readSync, readFileSync } = fs
let read = 0
fs.readSync = (...args) => { const size = readSync(...args); read += size; return size }
fs.readFileSync = (...args) => { const data = readFileSync(...args); read += data.length; return data }
require('http').createServer((_request, answer) => answer.end(String(read))).listen(Number(process.env.PORT))
"""
BY_PATH = """
const http = require('http')
const second = http.createServer().listen(process.env.WHERE, () => {
  http.createServer((_request, answer) => answer.end(String(second._handle.fd))).listen(Number(process.env.PORT))
})
"""


@pytest.mark.parametrize(
    ("script", "code"),
    [
        *((name, TERM) for name in ("plain.cjs", "old.cjs", "module.mjs", "express.cjs")),
        *((name, 7) for name in ("fastify.mjs", "koa.cjs")),
    ],
)
def test_server_takes_its_address_and_drains(tmp_path: Path, script: str, code: int) -> None:
    """As it is, it answers on the socket it was handed; told to stop it answers what comes, then does as it would."""
    with server(["node", script], node_packages(), tmp_path / "log") as running:
        with kept(running.port) as connection, kept(running.port) as fresh, kept(running.port) as slow:
            assert connection.ask()[1]["x-pid"] == str(running.process.pid)
            slow.send("/slow")
            drained(running, connection, fresh)
            assert slow.answer()[2] == b"slow\n"
        assert running.code() == code, running.said


def test_https_server_drains(tmp_path: Path) -> None:
    """With https it is the same."""
    variables = certificate(tmp_path)
    need("node", "nodejs")
    with server(["node", "secure.cjs"], NODE_SERVERS, tmp_path / "log", more=variables) as running:
        with kept(running.port, tls=True) as connection, kept(running.port, tls=True) as fresh:
            drained(running, connection, fresh)
        assert running.code() == TERM


def test_without_draining_a_kept_connection_is_lost(tmp_path: Path) -> None:
    """The negative control: with `drain: off` it dies of the signal, and an open connection with it."""
    need("node", "nodejs")
    with server(["node", "plain.cjs"], NODE_SERVERS, tmp_path / "log", drain="") as running, kept(running.port) as one:
        one.send("/")
        assert one.answer()[0] == 200
        one.send("/slow")
        running.term()
        assert one.ends() == b""
        assert running.code() == TERM


def test_a_kept_connection_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """A client that asks for nothing more is left at the server's own timeout, or at the limit."""
    need("node", "nodejs")
    with (
        server(["node", "plain.cjs"], NODE_SERVERS, tmp_path / "log", drain="1 TERM") as running,
        kept(running.port) as one,
    ):
        assert one.ask()[0] == 200
        running.term()
        assert running.code() == TERM
        assert one.ends() == b""


def test_other_ports_are_left_alone(tmp_path: Path) -> None:
    """A second server of the same program gets the port that it asks for."""
    need("node", "nodejs")
    with server(["node", "twice.cjs"], NODE_SERVERS, tmp_path / "log") as running:
        wait_until(lambda: "metrics " in running.said, PATIENCE, "it says its port")
        other = int(running.said.split()[1])
        assert other != running.port
        for port in (running.port, other):
            with kept(port) as connection:
                assert connection.ask()[0] == 200


BOTH = """
const { createServer } = require('http');
createServer((_, response) => response.end('unix')).listen(process.env.UNIX);
createServer((_, response) => response.end('tcp')).listen(process.env.PORT);
"""


def test_each_of_several_sockets_goes_to_who_asks_for_it(tmp_path: Path) -> None:
    """Of two sockets that were handed over, a port and a path, each server takes the one it names."""
    need("node", "nodejs")
    path = tempfile.mktemp(prefix="pm", dir="/tmp")  # noqa: S306 - a short name, bound at once
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as stack:
        listener.bind(path)
        stack.callback(os.unlink, path)
        listener.listen(8)
        command = ["node", "-e", BOTH]
        running = stack.enter_context(
            server(command, tmp_path, tmp_path / "log", others=[listener], more={"UNIX": path})
        )
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(path)
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b"".join(iter(lambda: client.recv(4096), b"")).endswith(b"unix")
        with kept(running.port) as one:
            assert one.ask()[2] == b"tcp"


def test_the_connections_of_the_host_are_not_read(tmp_path: Path) -> None:
    """It finds its socket among the listeners; a host with many connections has a table of megabytes behind them."""
    need("node", "nodejs")
    (tmp_path / "counts.cjs").write_text(COUNTS, encoding="utf-8")
    with contextlib.ExitStack() as stack:
        other = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS))
        for _ in range(CONNECTIONS):
            stack.enter_context(socket.create_connection(other.getsockname()))
        running = stack.enter_context(server(["node", "counts.cjs"], tmp_path, tmp_path / "log"))
        one = stack.enter_context(kept(running.port))
        whole = len(Path("/proc/net/tcp").read_bytes())
        read = int(one.ask()[2])
        assert 0 < read < whole / 2


@pytest.mark.parametrize("form", ["{folder}/{name}", "{name}"])
def test_a_path_of_any_letters_is_found(tmp_path: Path, form: str) -> None:
    """The kernel's table has the bytes of the whole path; a program may write it from where it runs."""
    need("node", "nodejs")
    name = "\u0142\u00f3d\u017a.sock"
    with tempfile.TemporaryDirectory(prefix="pmn-") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/{name}")
        listener.listen()
        Path(folder, "app.cjs").write_text(BY_PATH, encoding="utf-8")
        more = {"WHERE": form.format(folder=folder, name=name)}
        with (
            server(["node", "app.cjs"], Path(folder), tmp_path / "log", more=more, others=[listener]) as running,
            kept(running.port) as one,
        ):
            assert one.ask()[2] == b"4"


def test_npm_passes_the_address_on(tmp_path: Path) -> None:
    """`npm start` starts node as a grandchild, to which the socket is handed on."""
    need("npm", "npm")
    with server(["npm", "start", "--silent"], NODE_SERVERS, tmp_path / "log") as running, kept(running.port) as one:
        status, headers, _body = one.ask()
        assert status == 200
        assert headers["x-pid"] != str(running.process.pid)


@pytest.mark.parametrize(("hears", "code"), [("", TERM), ("ends", 7), ("waits", 9)])
def test_node_cluster_inside_the_service_drains(tmp_path: Path, hears: str, code: int) -> None:
    """With node's own cluster module its workers answer what comes, and its primary waits for them and starts none."""
    need("node", "nodejs")
    with server(["node", "workers.cjs"], NODE_SERVERS, tmp_path / "log", more={"HEARS": hears}) as running:
        with kept(running.port) as one, kept(running.port) as another, kept(running.port) as slow:
            pids = {one.ask()[1]["x-pid"], another.ask()[1]["x-pid"]}
            assert str(running.process.pid) not in pids
            slow.send("/slow")
            drained(running, one, another)
            assert slow.answer()[2] == b"slow\n"
        assert running.code() == code, running.said
        assert "started again" not in running.said


def test_a_worker_that_is_told_alone_ends_though_its_primary_goes_on(tmp_path: Path) -> None:
    """An app that ends its workers one by one, under load: every request is answered, and the worker goes."""
    need("node", "nodejs")
    asked = []
    with (
        server(["node", "workers.cjs"], NODE_SERVERS, tmp_path / "log", drain="8 TERM") as running,
        kept(running.port) as one,
        contextlib.ExitStack() as stack,
    ):
        pid = int(one.ask()[1]["x-pid"])
        os.kill(pid, signal.SIGTERM)

        def gone() -> bool:
            asked.append(stack.enter_context(kept(running.port)))
            asked[-1].send("/slow")
            return procfs.identity(pid) is None

        wait_until(gone, PATIENCE, "it has ended", 0.01)
        assert {each.answer()[0] for each in asked} == {200}


def test_websocket_is_told_that_the_service_restarts(tmp_path: Path) -> None:
    """An idle WebSocket gets a close frame, 1012, in place of a connection that breaks."""
    with server(["node", "socket.cjs"], node_packages(), tmp_path / "log") as running, kept(running.port) as one:
        head = "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        one.socket.sendall(f"GET / HTTP/1.1\r\n{head}{key}\r\n".encode())
        assert one.answer()[0] == 101
        one.socket.sendall(b"\x81\x82\0\0\0\0hi")
        assert one.socket.recv(100) == b"\x81\x02hi"
        running.term()
        assert one.socket.recv(4) == b"\x88\x02\x03\xf4"
        one.socket.sendall(b"\x88\x82\0\0\0\0\x03\xf4")
        assert running.code() == TERM


def test_a_program_that_does_not_listen_is_not_touched() -> None:
    """Without a server nothing listens for a signal, nothing is written, and it ends by itself."""
    node = need("node", "nodejs")
    script = "console.log(process.listenerCount('SIGTERM'), process.eventNames().join())"
    options = {"NODE_OPTIONS": f'--require "{PRELOADS}/node.cjs"', "LISTEN_FDS": "1", "PROCMAN_DRAIN": "5 TERM"}
    said = [
        subprocess.run([node, "-e", script], env=env, check=True, capture_output=True, text=True, timeout=PATIENCE)
        for env in ({}, options)
    ]
    assert (said[0].stdout, said[0].stderr) == (said[1].stdout, said[1].stderr)


def test_what_the_user_preloads_is_loaded_too(tmp_path: Path) -> None:
    """NODE_OPTIONS of the manifest come after procman's, and both are read."""
    need("node", "nodejs")
    own = tmp_path / "own file.cjs"
    own.write_text("console.log('own preload');\n", encoding="utf-8")
    options = f'--require "{PRELOADS}/node.cjs" --require "{own}"'
    with server(["node", "plain.cjs"], NODE_SERVERS, tmp_path / "log", more={"NODE_OPTIONS": options}) as running:
        with kept(running.port) as connection:
            assert connection.ask()[0] == 200
        assert running.said.startswith("own preload\n")
