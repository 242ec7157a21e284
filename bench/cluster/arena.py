"""A project of one API service under procman, in a short temporary folder, and a load on it that runs beside."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
APPS = HERE / "apps"
BIN = Path(sys.executable).parent
COMMANDS = {
    "node": ["node", str(APPS / "node.cjs")],
    "uvicorn": [str(BIN / "uvicorn"), "--log-level", "warning", "asgi:app"],
    "hypercorn": [str(BIN / "hypercorn"), "asgi:app"],
    "gunicorn": [str(BIN / "gunicorn"), "--threads", "32", "--graceful-timeout", "8", "wsgi:app"],
}
PATIENCE = 120


def free_port() -> int:
    """Return a port of the loopback address that was free just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Arena:
    """One project, up. `command` stands in for the server's usual one."""

    def __init__(
        self, folder: Path, server: str, instances: int, *, drain: bool, command: list[str] | None, host: str
    ) -> None:
        """Write the manifest and start it."""
        self.folder = folder
        self.port = free_port()
        self.service: dict[str, Any] = {
            "kind": "scalable",
            "command": command or COMMANDS[server],
            "directory": str(APPS),
            "instances": instances,
            "memory": "200M",
            "listen": f"{host}:{self.port}",
            "drain": "on" if drain else "off",
            "ready": {"http": "/", "timeout": "20s"},
            "restart": {"max": 100, "within": "10s", "delay": "0s"},
            "stop": {"timeout": "15s"},
        }
        self.write()
        self.run("up")

    def write(self, **changes: object) -> None:
        """Write the manifest, with these changes of the service."""
        document = {"version": 1, "project": "arena", "budget": {"ram": "2G", "reserve": "512M"}}
        text = json.dumps({**document, "services": {"api": {**self.service, **changes}}})
        (self.folder / "procman.yaml").write_text(text, encoding="utf-8")

    def run(self, *words: str, code: int | None = 0) -> str:
        """Run a command of procman; RuntimeError unless it ends with `code` (None: any but 0)."""
        environment = {k: v for k, v in os.environ.items() if k not in ("PROCMAN_FILE", "PYTHONDONTWRITEBYTECODE")}
        done = subprocess.run(
            [str(BIN / "procman"), *words],
            cwd=self.folder,
            env={**environment, "PROCMAN_HOME": str(self.folder / "h")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if done.returncode != code if code is not None else done.returncode == 0:
            raise RuntimeError(f"procman {' '.join(words)} ended with {done.returncode}: {done.stderr[-1000:]}")
        return done.stdout

    def status(self) -> dict[str, Any]:
        """Return what `status` knows."""
        environment = {**os.environ, "PROCMAN_HOME": str(self.folder / "h")}
        command = [str(BIN / "procman"), "status", "--json"]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def pids(self) -> dict[int, int]:
        """Return the pid of each instance."""
        return {row["instance"]: row["pid"] for row in self.status()["instances"] if row["pid"]}

    def manager(self) -> int:
        """Return supervisord's pid."""
        return int(self.status()["manager"]["pid"])

    def has(self, command: str) -> bool:
        """Tell whether procman has this command."""
        help_text = subprocess.run([str(BIN / "procman"), "--help"], capture_output=True, text=True, check=True).stdout
        return f"\n  {command} " in help_text

    def wait_ready(self) -> None:
        """Wait until every instance is ready."""
        wait(lambda: all(row["state"] == "ready" for row in self.status()["instances"]), "all instances are ready")


def wait(condition: Any, words: str, within: float = PATIENCE) -> None:  # noqa: ANN401 - anything that can be asked
    """Wait until `condition` is true; RuntimeError after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {within:.0f} s in vain: {words}")
        time.sleep(0.05)


@contextmanager
def arena(
    server: str,
    instances: int = 2,
    *,
    drain: bool = True,
    command: list[str] | None = None,
    host: str = "127.0.0.1",
) -> Iterator[Arena]:
    """Give a project that runs, and end it with the block."""
    folder = Path(tempfile.mkdtemp(prefix="pma-", dir="/tmp"))
    made = None
    try:
        made = Arena(folder, server, instances, drain=drain, command=command, host=host)
        yield made
    finally:
        if made is not None:
            with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):
                made.run("down")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def loaded(port: int, kind: str, rate: float, connections: int = 32) -> Iterator[dict[str, Any]]:
    """Send requests while the block runs; the dictionary holds afterwards what the load client counted."""
    counted: dict[str, Any] = {}
    command = [sys.executable, str(HERE / "load.py"), f"127.0.0.1:{port}", "--kind", kind, "--rate", str(rate)]
    process = subprocess.Popen([*command, "--connections", str(connections)], stdout=subprocess.PIPE, text=True)
    try:
        yield counted
        process.send_signal(signal.SIGTERM)
        counted |= json.loads(process.communicate(timeout=PATIENCE)[0])
    finally:
        process.kill()
        process.wait()
