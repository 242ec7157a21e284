"""A server on a listening socket that it was handed, with procman's preloads, and a client that counts bytes."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from procman.adapters.host import PRELOADS
from procman.runtime import procfs
from procman.runtime.sockets import queued
from tests.support.tiwater import need, npm_packages
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
APPS = ROOT / "bench" / "cluster" / "apps"
NODE_SERVERS = ROOT / "tests" / "data" / "node-servers"
PATIENCE = 30.0

# What the launcher does with the address of a service.
_HANDED = """
import fcntl, os, sys
copies = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in sys.argv[1].split(",")]
for number, fd in enumerate(copies, 3):
    os.dup2(fd, number)
os.environ.update(LISTEN_FDS=str(len(copies)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="api")
os.execvp(sys.argv[2], sys.argv[2:])
"""


def python_server(name: str, folder: Path | None = None) -> list[str]:
    """The command of a Python server on the application that the load client asks; `folder` has its program."""
    program = str((folder or Path(os.environ.get("SERVERS_BIN", Path(sys.executable).parent))) / name.partition(" ")[0])
    return {
        "uvicorn": [program, "--fd", "3", "--log-level", "warning", "asgi:app"],
        "hypercorn": [program, "-b", "fd://3", "asgi:app"],
        "gunicorn gthread": [program, "--threads", "4", "wsgi:app"],
        "gunicorn sync": [program, "wsgi:app"],
    }[name]


def node_packages() -> Path:
    """The folder of the node servers, with express, fastify, koa and ws installed as its lock file says."""
    return npm_packages(NODE_SERVERS)


class Running:
    """A server; `port` is that of the socket it was handed, which stays open here."""

    def __init__(self, process: subprocess.Popen[bytes], listener: socket.socket, log: Path) -> None:
        self.process = process
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._log = log

    @property
    def said(self) -> str:
        """What it wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def term(self) -> None:
        """Ask it to end, with all of its process group, as supervisord does: when no connection waits for it.

        One that it has not accepted by then is the next process's to answer, and here none follows.
        """
        wait_until(lambda: queued(self._listener) == 0, PATIENCE, "every connection is accepted")
        os.killpg(self.process.pid, signal.SIGTERM)

    def code(self) -> int:
        """Wait for its end; its exit code, negative for a signal."""
        return self.process.wait(PATIENCE)


@contextmanager
def server(
    command: Sequence[str],
    folder: Path,
    log: Path,
    *,
    drain: str = "20 TERM",
    more: Mapping[str, str] | None = None,
    others: Sequence[socket.socket] = (),
) -> Iterator[Running]:
    """Run `command` in `folder` with a listening socket at descriptor 3 and, with `drain`, its connections drained.

    `others`: further listening sockets, at the descriptors that follow.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = listener.getsockname()[1]
        variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "PORT": str(port), "HOST": "127.0.0.1"}
        variables |= {"NODE_OPTIONS": f'--require "{PRELOADS}/node.cjs"'}
        if drain:
            variables |= {"PROCMAN_DRAIN": drain, "PYTHONPATH": f"{PRELOADS}/python"}
        handed = [sock.fileno() for sock in (listener, *others)]
        argv = [sys.executable, "-S", "-I", "-c", _HANDED, ",".join(map(str, handed)), *command]
        with log.open("wb") as sink:
            process = subprocess.Popen(
                argv,
                env=variables | dict(more or {}),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                pass_fds=handed,
                process_group=0,
            )
        try:
            yield Running(process, listener, log)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()
            wait_until(lambda: not _group(process.pid), PATIENCE, "its process group ended")


def _group(leader: int) -> bool:
    with suppress(ProcessLookupError):
        os.killpg(leader, 0)
        return any(procfs.identity(pid) for pid in procfs.pids() if _is_in(pid, leader))
    return False


def _is_in(pid: int, group: int) -> bool:
    with suppress(ProcessLookupError):
        return os.getpgid(pid) == group
    return False


class Kept:
    """A connection to a server that is kept open."""

    def __init__(self, port: int, *, tls: bool = False) -> None:
        def connected() -> socket.socket | None:
            with suppress(OSError):
                plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
                return _unchecked().wrap_socket(plain) if tls else plain
            return None

        found = wait_until(connected, PATIENCE, "it accepts")
        assert found is not None
        self.socket = found
        self._buffer = b""

    def ask(self, path: str = "/") -> tuple[int, dict[str, str], bytes]:
        """Send a request and return status, headers and body; ConnectionError when there is no answer."""
        self.send(path)
        return self.answer()

    def send(self, path: str = "/") -> None:
        """Send a request."""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return the answer to what was sent."""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        if "chunked" in headers.get("transfer-encoding", ""):
            while not self._buffer.endswith(b"0\r\n\r\n"):
                self._more()
            body, self._buffer = self._buffer, b""
        else:
            length = int(headers.get("content-length", "0"))
            while len(self._buffer) < length:
                self._more()
            body, self._buffer = self._buffer[:length], self._buffer[length:]
        return int(first.split()[1]), headers, body

    def ends(self) -> bytes:
        """Return what comes until the server closes."""
        data = self._buffer
        with suppress(ConnectionError):
            while part := self.socket.recv(4096):
                data += part
        return data

    def _more(self) -> None:
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the server closed without an answer")
        self._buffer += part


@contextmanager
def kept(port: int, *, tls: bool = False) -> Iterator[Kept]:
    """A connection, closed with the block."""
    made = Kept(port, tls=tls)
    try:
        yield made
    finally:
        made.socket.close()


def drained(running: Running, connection: Kept, fresh: Kept) -> None:
    """State that a server told to stop answers all that comes on its open connections, and says when it is the last."""
    assert connection.ask()[0] == 200
    running.term()

    def last() -> bool:
        status, headers, _body = connection.ask()
        assert status == 200
        return headers.get("connection", "").lower() == "close"

    wait_until(last, PATIENCE, f"an answer says that it is the last; the server said:\n{running.said}")
    assert connection.ends() == b""
    status, headers, _body = fresh.ask()
    assert (status, headers.get("connection", "").lower()) == (200, "close")


def _unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def certificate(folder: Path) -> dict[str, str]:
    """A key and a certificate for the address, as variables of a service."""
    openssl = need("openssl", "openssl")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return {"KEY": str(key), "CERT": str(cert)}
