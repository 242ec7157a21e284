"""A reload whose replacement never passes its probe, by each kind: it stops, and the old process serves on."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from dataclasses import replace

import pytest

from procman.adapters.host import PRELOADS
from procman.core import rolling
from procman.core.lifecycle import Alive, Ready
from procman.core.manifest import Address
from tests.support.probed import PATIENCE, RAW, finished, marked, ready
from tests.support.supervised import Lab, Unit, ask, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

SERVES = """
import os, socket, sys
bad = os.path.exists("bad")
listener = socket.socket(fileno=3)
if bad and sys.argv[1] == "tcp-0":
    listener.listen(); import time; time.sleep(3600)
if not bad: print("Listening now", flush=True)
while True:
    connection, _ = listener.accept()
    try:
        connection.sendall(str(os.getpid()).encode())
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
    except OSError:
        pass
    connection.close()
"""
"""Tells its pid, and lets the client hang up; begun beside a file ``bad``, says no line, or as tcp-0 accepts nobody."""

NODE = """
const server = require('http').createServer((_, response) => response.end(String(process.pid)));
server.listen(Number(process.env.PORT), () => require('fs').existsSync('bad') || process.send('ready'));
"""
SHORT = Ready(timeout=1.0, attempt=0.5, interval=0.1)


def units() -> list[Unit]:
    """One service for each kind; on an address, so that a replacement comes beside it."""

    def here() -> Address:
        return Address("127.0.0.1", free_port())

    known = {
        "http": replace(SHORT, http="/", body="fine"),
        "tcp": replace(SHORT, tcp=True),
        "exec": replace(SHORT, command=("sh", "-c", "[ ! -e bad ]")),
        "slow": replace(SHORT, command=("sh", "-c", "[ ! -e bad ] || sleep 3600")),
        "log": Ready(log="Listening *", timeout=1.0),
    }
    found = [Unit(f"{k}-0", RAW if k == "http" else SERVES, here(), ready=how) for k, how in known.items()]
    late = replace(SHORT, command=("sh", "-c", "[ -e late-0.old ] && exit 1; touch late-0.old"), start_period=3600.0)
    found.append(Unit("late-0", SERVES, here(), ready=late))
    node = shutil.which("node")
    if node is not None:
        env = (("NODE_OPTIONS", f'--require "{PRELOADS}/node.cjs"'),)
        found.append(Unit("ipc-0", listen=here(), ready=Ready(ipc=True, timeout=1.0), argv=(node, "-e", NODE), env=env))
    return found


def test_replacement_that_never_passes_changes_nothing() -> None:
    """Wrong body, nobody accepts, exit status, a command that hangs, no line, no word: the old one stays and serves.

    One that is given an hour to come up is waited for meanwhile.
    """
    fine, bad = b"HTTP/1.1 200 OK\r\n\r\nfine", b"HTTP/1.1 200 OK\r\n\r\nbad"
    with Lab(units()) as lab:
        (lab.state / "http-0.answer").write_bytes(fine)
        before = {unit.name: ready(lab, unit.name).pid for unit in lab.units}
        before.pop("late-0")
        lab.client.replace("late-0", "a test")
        (lab.state / "http-0.answer").write_bytes(bad)
        (lab.state / "bad").touch()
        jobs = {name: lab.client.replace(name, "a test") for name in before}

        for name, pid in before.items():
            unit = finished(lab, name, jobs[name])
            assert unit.job is not None
            assert (unit.job.phase, unit.pid, unit.ready) == (rolling.FAILED, pid, True), name
            assert "was not ready within 7 s" in (unit.job.why or ""), name
        assert lab.unit("late-0").job.phase == rolling.WARMING  # type: ignore[union-attr]
        address = next(unit.listen for unit in lab.units if unit.name == "exec-0")
        assert address is not None
        assert ask(address) == str(before["exec-0"])


def test_replacement_that_passes_takes_over() -> None:
    """When nothing is bad each of them is replaced, and its probes look at the new process alone."""
    with Lab(units()) as lab:
        (lab.state / "http-0.answer").write_bytes(b"HTTP/1.1 200 OK\r\n\r\nfine")
        before = {unit.name: ready(lab, unit.name).pid for unit in lab.units}
        before.pop("late-0")
        for name in before:
            lab.client.replace(name, "a test")
        for name, pid in before.items():
            wait_until(lambda: lab.unit(name).pid not in (None, pid), PATIENCE, f"{name} is replaced")  # noqa: B023
            ready(lab, name)


def test_line_of_the_old_process_is_not_that_of_the_new() -> None:
    """During a replacement both write to one file; what the old one says does not make the new one ready."""
    talks = "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: print('Listening again', flush=True))\n" + SERVES
    address = Address("127.0.0.1", free_port())
    with Lab([Unit("log-0", talks, address, ready=Ready(log="Listening", timeout=1.0))]) as lab:
        old = ready(lab, "log-0").pid or 0
        (lab.state / "bad").touch()
        number = lab.client.replace("log-0", "a test")
        wait_until(lambda: "success: log-0~" in lab.log(), PATIENCE, "the new one runs")
        os.kill(old, signal.SIGUSR1)
        wait_until(lambda: "again" in lab.output("log-0"), PATIENCE, "the old one has spoken")
        unit = finished(lab, "log-0", number)
        assert unit.job is not None
        assert (unit.pid, unit.job.phase) == (old, rolling.FAILED)
        assert "no line with 'Listening'" in (unit.job.why or "")


def test_command_for_the_old_process_outlives_a_failed_replacement() -> None:
    """When the new process is gone, what it left behind is ended, and not what the old one is asked with."""
    asks = f'[ ! -e slow ] || {sys.executable} -c "import time; time.sleep(3600)" "$0"'  # a python3 may be a script
    with Lab([Unit("last-0")]) as lab:
        mark = f"mark-of-{lab.state.name}"
        probe = Alive(command=("sh", "-c", asks, mark), interval=0.1, timeout=3600.0)
        how = replace(SHORT, log="Listening *")
        lab.units += [Unit("log-0", SERVES, Address("127.0.0.1", free_port()), ready=how, alive=probe)]
        lab.write()
        lab.client.reload_config()
        lab.client.add("log-0")
        pid = ready(lab, "log-0").pid
        (lab.state / "slow").touch()
        wait_until(lambda: marked(mark), PATIENCE, "the old one is asked")
        before = set(marked(mark))
        (lab.state / "bad").touch()
        unit = finished(lab, "log-0", lab.client.replace("log-0", "a test"))
        assert unit.job is not None
        assert (unit.pid, unit.job.phase) == (pid, rolling.FAILED)
        assert before <= set(marked(mark))
