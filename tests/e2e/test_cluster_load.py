"""Under load nothing is lost while instances are replaced and scaled; the client that says so would see it."""

import contextlib
import json
import os
import shlex
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.load import load
from tests.support.projects import Project, Text, ended, project
from tests.support.serving import APPS
from tests.support.supervised import free_port
from tests.support.tiwater import need
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PYTHON = Path(os.environ.get("SERVERS_BIN", Path(sys.executable).parent))
COMMANDS = {
    "node": ["node", str(APPS / "node.cjs")],
    "uvicorn": [str(PYTHON / "uvicorn"), "--log-level", "warning", "asgi:app"],
    "gunicorn": [str(PYTHON / "gunicorn"), "--threads=8", "--graceful-timeout=8", "--keep-alive=60", "wsgi:app"],
}
WORKERS = [str(PYTHON / "gunicorn"), "--graceful-timeout", "8", "--workers", "3", "--keep-alive", "0"]
HYPERCORN = [str(PYTHON / "hypercorn"), "asgi:app"]
OTHERS = {
    "hypercorn": HYPERCORN,
    "hypercorn with two workers": [*HYPERCORN, "--workers", "2"],
    "gunicorn sync": [*WORKERS, "wsgi:app"],
    "gunicorn with uvicorn workers": [*WORKERS, "-k", "uvicorn.workers.UvicornWorker", "asgi:app"],
    "uvicorn with uvloop": [*COMMANDS["uvicorn"], "--loop", "uvloop", "--http", "httptools"],
}

BOTH = f"""
const http = require('http'), {{ answer }} = require({json.dumps(str(APPS / "node.cjs"))})
const [app, twin] = [http.createServer(answer), http.createServer(answer)]
const PORT = Number(process.env.PORT)
"""


def api(shop: Project, server: str, **changes: object) -> Text:
    """A service of two instances of this server."""
    if server == "node":
        need("node", "nodejs")
    if "uvloop" in server:
        pytest.importorskip("uvloop", reason="there is no wheel of uvloop for this processor")
    ready = {"http": "/", "timeout": "60s"}
    command = {**COMMANDS, **OTHERS}[server]
    kept = {"command": command, "directory": str(APPS), "ready": ready, "env": {}, "stop": {"timeout": "15s"}}
    kept["memory"] = "200M"  # one that is over its limit is replaced, and this is not about that
    return shop.api(**{**kept, "restart": {"max": 50, "within": "10s", "delay": "0s"}, **changes})


@contextlib.contextmanager
def running(server: str, **changes: object) -> Iterator[Project]:
    """A project of this server, up."""
    with project() as shop:
        shop.write({"api": api(shop, server, **changes)})
        shop.up()
        yield shop


@pytest.mark.parametrize("server", sorted(COMMANDS))
def test_nothing_is_lost_when_instances_are_replaced_and_scaled(server: str) -> None:
    """`reload`, `restart`, and `scale` from 2 to 3, 1 and 2, under requests of every kind: each of them is answered."""
    kinds = ["new", "keepalive", "slow", "upload", "stream"]
    with running(server) as shop, contextlib.ExitStack() as stack:
        counts = {
            kind: stack.enter_context(load(shop.port, kind, rate=5 if kind == "upload" else 20)) for kind in kinds
        }
        for command in (
            ("reload", "api"),
            ("scale", "api=3"),
            ("restart", "api"),
            ("scale", "api=1"),
            ("scale", "api=2"),
        ):
            ended(shop.run(*command, timeout=120), 0)
        stack.close()
    for kind, counted in counts.items():
        assert counted.failed == {}, f"{kind}: {counted}"
        assert counted.ok == counted.sent > 20, kind


@pytest.mark.parametrize("server", sorted(OTHERS))
def test_nothing_is_lost_with_other_workers_and_loops(server: str) -> None:
    """What serves in another way loses nothing either when it is reloaded and restarted."""
    with running(server) as shop, contextlib.ExitStack() as stack:
        counts = {kind: stack.enter_context(load(shop.port, kind, rate=15)) for kind in ("new", "keepalive")}
        ended(shop.run("reload", "api", timeout=120), 0)
        ended(shop.run("restart", "api", timeout=120), 0)
        stack.close()
    for kind, counted in counts.items():
        assert counted.failed == {}, f"{kind}: {counted}"
        assert counted.ok == counted.sent > 10, kind


@pytest.mark.parametrize("command", ["npm start --silent", f"echo begin && node {shlex.quote(str(APPS / 'node.cjs'))}"])
def test_what_runs_a_server_may_end_before_it(command: str) -> None:
    """A shell or npm ends at once with its group; the server behind it answers what it has, in its time to stop."""
    changes = {"command": command, "shell": command.startswith("echo")}
    with running("node", **changes) as shop, contextlib.ExitStack() as stack:
        counts = {kind: stack.enter_context(load(shop.port, kind, rate=40)) for kind in ("slow", "keepalive")}
        for word in ("reload", "restart", "reload"):
            ended(shop.run(word, "api", timeout=120), 0)
        stack.close()
    for kind, one in counts.items():
        assert one.failed == {}, f"{kind}: {one}"
        assert one.ok == one.sent > 40, kind


@pytest.mark.parametrize("server", ["hypercorn", "gunicorn"])
def test_a_server_answers_at_each_of_several_addresses(server: str) -> None:
    """Two ports and a unix socket of one service: each instance takes all of them, before a reload and after it."""
    other = free_port()
    with project() as shop:
        places = [f"127.0.0.1:{shop.port}", f"127.0.0.1:{other}", f"unix:{shop.folder}/run.sock"]
        shop.write({"api": api(shop, server, listen=places)})
        shop.up()
        ended(shop.run("reload", "api", timeout=120), 0)
        for port in (shop.port, other):
            with load(port, "new", rate=20, requests=20) as counted:
                pass
            assert (counted.failed, counted.ok, len(counted.by_pid)) == ({}, 20, 2)
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(30)
            sock.connect(f"{shop.folder}/run.sock")
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert sock.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("script", ["app.listen(PORT)", "app.listen(PORT, '127.0.0.1'); twin.listen(PORT, '::1')"])
def test_node_answers_at_one_port_of_both_families(script: str) -> None:
    """With one `listen` for all hosts, and with one for each, nothing is lost at either while it is reloaded."""
    need("node", "nodejs")
    with project() as shop, contextlib.ExitStack() as stack:
        (shop.folder / "both.cjs").write_text(f"{BOTH}{script}\n", encoding="utf-8")
        places = [f"127.0.0.1:{shop.port}", f"[::1]:{shop.port}"]
        command = ["node", "both.cjs"]
        shop.write({"api": api(shop, "node", listen=places, command=command, directory=str(shop.folder))})
        shop.up()
        counts = [
            stack.enter_context(load(shop.port, kind, rate=20, host=host))
            for host in ("127.0.0.1", "::1")
            for kind in ("new", "keepalive")
        ]
        for _ in range(2):  # a client may have begun in the middle of the first
            ended(shop.run("reload", "api", timeout=120), 0)
        stack.close()
    for counted in counts:
        assert counted.failed == {}, counted
        assert counted.ok == counted.sent > 10
        assert len(counted.by_pid) >= 2, counted


def test_uvicorn_with_several_addresses_is_told_of() -> None:
    """It can take the first only: `validate` says so, and what to use, with `--fd` written or not."""
    for more in ([], ["--fd", "3"]):
        with project() as shop:
            places = [f"127.0.0.1:{shop.port}", f"127.0.0.1:{free_port()}"]
            shop.write({"api": api(shop, "uvicorn", command=[*COMMANDS["uvicorn"], *more], listen=places)})
            ended(shop.run("validate"), 0, "PM314", "uvicorn takes one address, and this has 2")


def test_without_draining_the_client_sees_losses() -> None:
    """The negative control: with `drain: off` a restart loses the slow requests of node, and they are counted."""
    with running("node", drain="off") as shop, load(shop.port, "slow", rate=60) as counted:
        ended(shop.run("restart", "api"), 0)
    assert counted.lost > 0
    assert set(counted.failed) <= {"reset after", "stale"}, counted


def test_a_crash_costs_what_was_in_its_hands() -> None:
    """After SIGKILL of one of two instances only requests that it had are lost, and none of those that come later."""
    rate, slow = 40, 0.3
    with running("node") as shop, load(shop.port, "slow", rate=rate) as counted:
        before = shop.pids()
        os.kill(before["api-0"], signal.SIGKILL)
        wait_until(lambda: shop.pids().get("api-0") not in (None, before["api-0"]), 60, "it is started again")
        ended(shop.run("start", "api"), 0)  # waits until it is ready
        assert shop.pids()["api-1"] == before["api-1"]
    assert counted.lost <= rate * slow * 2, counted
    assert set(counted.failed) <= {"reset after", "stale"}, counted


def test_connections_are_spread_over_the_instances() -> None:
    """Kept connections, 400 of them, are spread by the kernel's hash: each of two instances has two fifths or more."""
    with running("node") as shop:
        sent = load(shop.port, "keepalive", rate=400, open_first=True, connections=400, requests=1200)
        with sent as counted:
            pass
    assert counted.ok == counted.sent == 1200
    shares = sorted(counted.by_pid.values())
    assert len(shares) == 2, counted
    assert shares[0] / sum(shares) >= 0.4, counted.by_pid
