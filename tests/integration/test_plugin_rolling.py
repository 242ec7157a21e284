"""Replacements inside supervisord: on the same socket, without touching a sibling, and undone when they fail."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from procman.adapters.supervisor_rpc import Fault
from procman.core import rolling
from procman.core.manifest import Address, Ready
from tests.support.probed import finished, ready
from tests.support.supervised import Lab, Unit, ask, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

DRAINS = """
import os, selectors, signal, socket, sys
read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
signal.set_wakeup_fd(write)
signal.signal(signal.SIGTERM, lambda *_: None)
listener = socket.socket(fileno=3)
listener.setblocking(False)
waiting = selectors.DefaultSelector()
waiting.register(read, selectors.EVENT_READ)
waiting.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in waiting.select():
        if key.fileobj == read:
            sys.exit(0)
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            continue
        connection.setblocking(True)
        connection.sendall(f"{sys.argv[1]} {os.getpid()}".encode())
        connection.close()
"""
"""A service that finishes what it has accepted: tells each client its name and pid."""

DEAF = "import signal; signal.pause()"
DIES = "raise SystemExit(3)"


@pytest.fixture
def address() -> Address:
    """An address that nobody listens on."""
    return Address("127.0.0.1", free_port())


@pytest.fixture
def lab(address: Address) -> Iterator[Lab]:
    """Two instances that are ready."""
    with Lab([Unit(f"api-{n}", DRAINS, address) for n in range(2)]) as lab:
        for number in range(2):
            ready(lab, f"api-{number}")
        yield lab


def rewrite(lab: Lab, name: str, **changes: object) -> None:
    """Write the file with these changes of one unit, and let supervisord read it."""
    lab.units = [replace(u, **changes) if u.name == name else u for u in lab.units]  # type: ignore[arg-type]
    lab.write()
    lab.client.reload_config()


def test_replacement_takes_over(lab: Lab, address: Address) -> None:
    """The unit has another process on the same socket, its sibling the same as before, and there is no third."""
    before = [lab.unit(f"api-{n}") for n in range(2)]
    unit = finished(lab, "api-0", lab.client.replace("api-0", "a test"))
    assert (unit.job and unit.job.phase, unit.statename, unit.ready) == ("done", "RUNNING", True)
    assert unit.pid != before[0].pid
    assert unit.slot_inode == before[0].slot_inode
    assert lab.unit("api-1").pid == before[1].pid
    assert {f"api-0 {unit.pid}", f"api-1 {before[1].pid}"} == {ask(address) for _ in range(60)}
    assert lab.client.reload_config() == ((), (), ())


def test_update_after_a_replacement_changes_nothing(lab: Lab) -> None:
    """After a replacement by a changed file memory is what the file says."""
    rewrite(lab, "api-0", script=DRAINS + "# changed")
    assert lab.client.reload_config()[1] == ("api-0",)
    finished(lab, "api-0", lab.client.replace("api-0", "a test"))
    assert lab.client.reload_config() == ((), (), ())


@pytest.mark.parametrize("script", [DIES, DEAF], ids=["dies", "deaf"])
def test_replacement_that_dies_changes_nothing(lab: Lab, script: str, address: Address) -> None:
    """A replacement that ends, or is never ready, is removed: the old process serves, and the file differs still."""
    pids = {f"api-{n} {lab.unit(f'api-{n}').pid}" for n in range(2)}
    rewrite(lab, "api-0", script=script, ready=Ready(timeout=0.1))
    unit = finished(lab, "api-0", lab.client.replace("api-0", "a test"))
    assert unit.job is not None
    assert unit.job.phase == "failed"
    assert ("exit status 3" if script == DIES else "does not wait for connections") in (unit.job.why or "")
    assert {ask(address) for _ in range(60)} == pids
    assert lab.client.reload_config()[1] == ("api-0",)


def test_old_process_that_crashes_meanwhile_is_no_obstacle(lab: Lab, address: Address) -> None:
    """The old process is killed while its replacement warms up: the replacement takes over, and one is left."""
    rewrite(lab, "api-0", script="import time; time.sleep(1)\n" + DRAINS)
    number = lab.client.replace("api-0", "a test")
    os.kill(lab.unit("api-0").pid or 0, signal.SIGKILL)
    unit = finished(lab, "api-0", number)
    assert unit.job is not None
    assert unit.job.phase == "done"
    assert {ask(address) for _ in range(60)} == {f"api-0 {unit.pid}", f"api-1 {lab.unit('api-1').pid}"}


def test_new_address_is_served_before_the_old_one_closes(lab: Lab, address: Address) -> None:
    """A replacement by a file with another address: the new one answers, the old one is closed with its process."""
    there = Address("127.0.0.1", free_port())
    for name in ("api-0", "api-1"):
        rewrite(lab, name, listen=there)
        finished(lab, name, lab.client.replace(name, "a test"))
        assert ask(there).startswith("api-")
    with pytest.raises(ConnectionRefusedError):
        ask(address)


def test_second_replacement_of_one_unit_is_refused(lab: Lab) -> None:
    """While one is under way another is a fault; for a unit that is not there as well."""
    number = lab.client.replace("api-0", "a test")
    with pytest.raises(Fault, match="being replaced already"):
        lab.client.replace("api-0", "again")
    with pytest.raises(Fault, match="api-7"):
        lab.client.replace("api-7", "a test")
    finished(lab, "api-0", number)


def test_replacement_that_is_called_off_leaves_the_old_one(lab: Lab, address: Address) -> None:
    """Before it is ready it is ended and has failed; afterwards, and without one, nothing can be called off."""
    pid = lab.unit("api-0").pid
    rewrite(lab, "api-0", script="import time; time.sleep(300)\n" + DRAINS)
    number = lab.client.replace("api-0", "a test")
    lab.client.call_off("api-0")
    unit = finished(lab, "api-0", number)
    assert unit.job is not None
    assert (unit.pid, unit.job.phase, unit.job.why) == (pid, rolling.FAILED, "was called off")
    lab.client.call_off("api-0")
    lab.client.call_off("api-7")
    assert ask(address).startswith(("api-0 ", "api-1 "))


def test_unit_without_a_socket_is_never_two(address: Address) -> None:
    """What does not listen ends before it starts again."""
    with Lab([Unit("job-0")]) as lab:
        pid = ready(lab, "job-0").pid
        unit = finished(lab, "job-0", lab.client.replace("job-0", "a test"))
        assert (unit.statename, unit.pid == pid) == ("RUNNING", False)
        assert lab.log().index(f"'job-0' with pid {unit.pid}") > lab.log().index("stopped: job-0")
        assert "job-0~" not in lab.log()


def test_slot_that_is_not_ready_gets_no_connections(lab: Lab, address: Address) -> None:
    """A killed instance that takes its time to come back gets nothing while another is ready, and then its share."""
    rewrite(lab, "api-1", script="import time; time.sleep(2)\n" + DRAINS)
    finished(lab, "api-1", lab.client.replace("api-1", "a test"))
    os.kill(lab.unit("api-1").pid or 0, signal.SIGKILL)
    wait_until(lambda: lab.unit("api-1").statename in ("STARTING", "RUNNING"), 20, "it is started again")
    asked = 0
    while not lab.unit("api-1").ready:
        assert ask(address).startswith("api-0 ") or lab.unit("api-1").ready
        asked += 1
    assert asked > 20
    wait_until(lambda: ask(address).startswith("api-1 "), 20, "the one that is ready gets its share")


def test_retired_slot_answers_its_queue_first(lab: Lab, address: Address) -> None:
    """`retire` sends new connections elsewhere, and what waits in the queue is answered before the process ends."""
    pid = lab.unit("api-1").pid or 0
    os.kill(pid, signal.SIGSTOP)
    waiting = [socket.create_connection((address.host, address.port), timeout=20) for _ in range(20)]
    wait_until(lambda: lab.unit("api-1").queued, 20, "some wait in the queue of the stopped process")
    lab.client.retire("api-1")
    assert all(ask(address).startswith("api-0 ") for _ in range(20))
    os.kill(pid, signal.SIGCONT)
    answers = {sock.recv(100).split(b" ")[0] for sock in waiting}
    for sock in waiting:
        sock.close()
    assert answers <= {b"api-0", b"api-1"}
    lab.wait("api-1", "STOPPED")
    assert all(ask(address).startswith("api-0 ") for _ in range(20))


STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: (time.sleep(2), exit())); signal.pause()"


def test_units_are_made_anew_together() -> None:
    """One call ends them all, each begins by the new file as soon as it is down, and an update changes nothing."""
    with Lab([Unit("a-0"), Unit("b-0", STUBBORN), Unit("c-0")]) as lab:
        before = {name: lab.wait(name, "RUNNING").pid for name in ("a-0", "b-0", "c-0")}
        lab.units = [replace(unit, stopwaitsecs=20, script="import time; time.sleep(600)") for unit in lab.units]
        lab.write()
        lab.client.reload_config()
        lab.client.renew(["a-0", "b-0"], "test")
        assert lab.wait_restarted("a-0", before["a-0"]).pid
        assert lab.unit("b-0").pid == before["b-0"]
        lab.wait_restarted("b-0", before["b-0"])
        assert lab.wait("a-0", "RUNNING").restarts == 0
        lab.wait("b-0", "RUNNING")
        assert lab.unit("c-0").pid == before["c-0"]
        assert lab.client.reload_config()[1] == ("c-0",)


def test_what_cannot_be_made_anew_is_refused_before_anything_ends() -> None:
    """An unknown unit among them, and something that is no list, are faults; nothing is stopped."""
    with Lab([Unit("a-0")]) as lab:
        pid = lab.wait("a-0", "RUNNING").pid
        for units in (["a-0", "z-0"], "a-0"):
            with pytest.raises(Fault):
                lab.client.renew(units, "test")  # type: ignore[arg-type]
        assert lab.unit("a-0").pid == pid
        lab.client.renew([], "test")
