"""Memory limits inside a real supervisord: warned, replaced, never two, never counted as a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from procman.adapters.state import State
from procman.core import limits
from procman.core.events import Event
from procman.core.limits import Limit, Limits
from procman.core.manifest import Address
from procman.core.observed import ObservedUnit
from procman.workflow.ending import stop_units
from procman.workflow.history import recorded
from tests.support.supervised import SLEEPS, Lab, Unit, ask, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PATIENCE = 60.0
MIB = 1 << 20

GROWS = """
import os, signal, sys, time
os.close(os.open(f"{sys.argv[1]}.{os.getpid()}", os.O_CREAT))
kept = []
while not os.path.exists("enough"):
    time.sleep(0.05)
    if sum(map(len, kept)) < int(os.environ.get("MOST", "90")) << 20 and os.path.exists("grow"):
        kept.append(b"x" * (4 << 20))
"""
"""A service that grows to 90 MiB once there is a file called grow."""

LISTENS = """
import os, select, signal, socket
listener = socket.socket(fileno=3)
poll = select.epoll()
poll.register(3, select.EPOLLIN)
kept, over, mine = [], [], os.path.exists("grow")
signal.signal(signal.SIGTERM, lambda *_: over.append(1))
while not over:
    for _ in poll.poll(0.02):
        connection, _ = listener.accept()
        connection.sendall(str(os.getpid()).encode())
        connection.close()
    if os.path.exists("grow") and not mine and sum(map(len, kept)) < 90 << 20:
        kept.append(b"x" * (4 << 20))
"""
"""A service that answers with its pid, and grows once there is a file called grow, if that was not there at first."""

GRACEFUL = GROWS.replace(
    "kept = []", "kept = []\nsignal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), os._exit(0)))"
)
"""The same, with a second of work to do at its end."""

SHRINKS = GROWS.replace("    if sum", "    if os.path.exists('shrink'):\n        kept.clear()\n    elif sum")
"""The same; it gives all of it back once there is a file called shrink."""

SHARES = """
import mmap, os, signal
shared = mmap.mmap(-1, 288 << 20)
while not os.path.exists("grow"):
    signal.sigtimedwait({signal.SIGUSR1}, 0.05)
for at in range(0, len(shared), mmap.PAGESIZE):
    shared[at] = 1
if os.fork() == 0:
    sum(shared[at] for at in range(0, len(shared), mmap.PAGESIZE))
signal.pause()
"""
"""Two processes that share 288 MiB once there is a file called grow: each is taken in full, since it is large."""

CHILD_GROWS = f"""
import os, signal, sys
if os.fork() == 0:
    if os.fork() == 0:
        exec({GROWS!r})
    os._exit(0)
signal.pause()
"""
"""A service whose grandchild, which has left the tree, does the growing."""


def write(
    state: Path, soft: int | None, *, hard: int | None = None, singleton: bool = True, listens: bool = False
) -> None:
    """Write the limits of the service api, in MiB."""
    first, last = (None if size is None else size * MIB for size in (soft, hard))
    limit = Limit(first, last, singleton=singleton, listens=listens)
    temporary = state / "limits.new"
    temporary.write_text(limits.to_text(Limits({"api": limit})), encoding="utf-8")
    temporary.rename(state / limits.FILE)


def noted(lab: Lab, name: str) -> list[Event]:
    """Return the events called `name`."""
    return [event for event in recorded(State(str(lab.state))) if event.event == name]


def replaced(lab: Lab, former: ObservedUnit) -> ObservedUnit:
    """Wait until api-0 was replaced and runs."""
    lab.wait_restarted("api-0", former.pid)
    return lab.wait("api-0", "RUNNING")


@pytest.mark.parametrize("script", [GROWS, CHILD_GROWS], ids=["itself", "a grandchild that left the tree"])
def test_what_stays_over_its_limit_is_replaced(script: str) -> None:
    """It is warned of, stopped gracefully and started again; time, sizes and reason are kept; it is no failure."""
    with Lab([Unit("api-0", script), Unit("other-0", SLEEPS)]) as lab:
        write(lab.state, 60)
        former, other = lab.wait("api-0", "RUNNING"), lab.wait("other-0", "RUNNING")
        (lab.state / "grow").touch()
        now = replaced(lab, former)
        (lab.state / "grow").unlink()
        assert (now.restarts, now.memory.replaced, now.memory.soft) == (0, 1, 60 * MIB)
        assert lab.unit("other-0").pid == other.pid
        over = noted(lab, "memory-limit")[0]
        assert (over.unit, over.whole("limit"), over.whole("pid")) == ("api-0", 60 * MIB, former.pid)
        assert (over.whole("memory") or 0) > 60 * MIB
        stopping = noted(lab, "stopping")[0]
        assert "memory limit" in (stopping.text("reason") or "")
        assert noted(lab, "exit")[0].facts.get("asked") is True
        assert not noted(lab, "restart-planned")


def test_it_is_warned_of_before() -> None:
    """At nine tenths of the limit there is an event, a line in the log and a mark in the report; not a new process."""
    script = GROWS.replace('"90"', '"96"')
    with Lab([Unit("api-0", script)]) as lab:
        write(lab.state, 110)
        pid = lab.wait("api-0", "RUNNING").pid
        (lab.state / "grow").touch()
        wait_until(lambda: lab.unit("api-0").memory.near, PATIENCE, "the report says so")
        assert noted(lab, "memory-warning")[0].whole("limit") == 110 * MIB
        assert "api-0 has" in lab.log()
        assert (lab.unit("api-0").pid, noted(lab, "memory-limit")) == (pid, [])


def test_what_calms_down_is_not_replaced() -> None:
    """Near its limit it is warned of; once it has given memory back, an event says so, and it runs on."""
    with Lab([Unit("api-0", SHRINKS.replace('"90"', '"96"'))]) as lab:
        write(lab.state, 110)
        pid = lab.wait("api-0", "RUNNING").pid
        (lab.state / "grow").touch()
        wait_until(lambda: lab.unit("api-0").memory.near, PATIENCE, "it is near its limit")
        (lab.state / "shrink").touch()
        wait_until(lambda: not lab.unit("api-0").memory.near, PATIENCE, "it has calmed down")
        assert [event.unit for event in noted(lab, "memory-calm")] == ["api-0"]
        assert (noted(lab, "memory-limit"), noted(lab, "stopping")) == ([], [])
        assert (lab.unit("api-0").pid, lab.unit("api-0").memory.replaced) == (pid, 0)


def test_what_two_processes_share_replaces_nobody() -> None:
    """Twice 288 MiB are over the limit of 400, and 288 that are shared are not: before it acts it measures exactly."""
    with Lab([Unit("api-0", SHARES)]) as lab:
        write(lab.state, 400)
        pid = lab.wait("api-0", "RUNNING").pid
        (lab.state / "grow").touch()
        wait_until(lambda: (lab.unit("api-0").memory_peak or 0) > 500 * MIB, PATIENCE, "both are taken in full")
        seen = lab.unit("api-0").memory_samples
        wait_until(lambda: lab.unit("api-0").memory_samples >= seen + 12, PATIENCE, "it was looked at for long enough")
        assert (noted(lab, "memory-limit"), lab.unit("api-0").pid) == ([], pid)


def test_a_new_limit_holds_at_once_and_a_damaged_one_changes_nothing() -> None:
    """The file is read again when it was written anew; nonsense in it is said, and the old limits stay."""
    with Lab([Unit("api-0", GROWS)]) as lab:
        write(lab.state, None)
        former = lab.wait("api-0", "RUNNING")
        (lab.state / "grow").touch()
        wait_until(lambda: (lab.unit("api-0").memory_peak or 0) > 80 * MIB, PATIENCE, "it has grown")
        (lab.state / limits.FILE).write_text("{", encoding="utf-8")
        wait_until(lambda: "the limits stay as they were" in lab.log(), PATIENCE, "the damage is said")
        assert lab.unit("api-0").pid == former.pid
        write(lab.state, 60)
        replaced(lab, former)


def test_a_singleton_is_never_two() -> None:
    """The process that was replaced had ended before the next one began."""
    with Lab([Unit("api-0", GRACEFUL)]) as lab:
        write(lab.state, 60)
        former = lab.wait("api-0", "RUNNING")
        (lab.state / "grow").touch()
        replaced(lab, former)
        times = {(e.event, e.unit): e.at for e in recorded(State(str(lab.state))) if e.event in ("exit", "start")}
        assert times["exit", "api-0"] <= times["start", "api-0"]
        assert not Path(f"/proc/{former.pid}").exists()


@pytest.mark.parametrize("shutdown", [False, True])
def test_what_is_stopped_while_it_is_replaced_stays_down(*, shutdown: bool) -> None:
    """An operator's stop in the middle of a replacement wins, and so does a shutdown."""
    with Lab([Unit("api-0", GRACEFUL)]) as lab:
        write(lab.state, 60)
        lab.wait("api-0", "RUNNING")
        (lab.state / "grow").touch()
        lab.wait("api-0", "STOPPING")
        if shutdown:
            lab.end()
            assert [e.event for e in recorded(State(str(lab.state)))][-1] == "exit"
            assert len(noted(lab, "start")) == 1
        else:
            stop_units(State(str(lab.state)), ["api-0"], lambda _unit, _words: None)
            assert lab.unit("api-0").statename == "STOPPED"
            assert noted(lab, "exit")


def test_what_listens_is_replaced_beside_itself_and_loses_no_connection() -> None:
    """The replacement runs before the old process is told to end, on the same socket; every connection is answered."""
    address = Address("127.0.0.1", free_port())
    with Lab([Unit("api-0", LISTENS, listen=address)]) as lab:
        write(lab.state, 60, singleton=False, listens=True)
        former = lab.wait("api-0", "RUNNING")
        (lab.state / "grow").touch()
        answered = []

        def renewed() -> bool:
            answered.append(ask(address))
            return lab.unit("api-0").pid != former.pid and not Path(f"/proc/{former.pid}").exists()

        wait_until(renewed, PATIENCE, "it is replaced", 0.005)
        assert {str(former.pid), str(lab.unit("api-0").pid)} >= set(answered)
        names = [e.event for e in recorded(State(str(lab.state))) if e.unit == "api-0"]
        assert names.index("exit") > names.index("memory-limit") > 0
        assert names[: names.index("stopping")].count("start") == 2
        assert "memory limit" in (noted(lab, "stopping")[0].text("reason") or "")
        assert (lab.unit("api-0").restarts, lab.unit("api-0").memory.replaced) == (0, 1)


@pytest.mark.parametrize("target", ["Keeper._look", "Keeper.changed", "Caps.look", "Usage.turn", "Again._start"])
def test_broken_sampling_does_not_end_supervisord(target: str) -> None:
    """What raises while memory is measured is logged; supervisord, its services and its restarts go on."""
    module = {"Caps": "caps", "Usage": "usage", "Keeper": "keeper", "Again": "again"}[target.partition(".")[0]]
    plugin = f"""
from procman.runtime import {module}, plugin
def broken(self, *arguments, **named):
    raise RuntimeError("injected")
{module}.{target} = broken
make = plugin.make
"""
    with Lab([Unit("api-0", GROWS)], plugin=plugin) as lab:
        write(lab.state, 60)
        (lab.state / "grow").touch()
        lab.wait("api-0", "RUNNING")
        wait_until(lambda: "RuntimeError: injected" in lab.log(), PATIENCE, "it raised")
        assert lab.alive
        assert lab.unit("api-0").statename in ("RUNNING", "STOPPED")
