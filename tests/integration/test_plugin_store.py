"""Who may ask the plugin's store, what it answers, and that nothing procman does can end supervisord."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from procman.adapters.supervisor_rpc import Fault, peer_pid
from procman.core.manifest import Restart
from procman.runtime import procfs
from tests.support.supervised import MINFDS, Lab, Unit, descriptors, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

TALKS = """
import os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as store:
    store.connect(os.environ["PROCMAN_STORE"])
    for message in {messages!r}:
        store.send(message.encode())
        answer, fds, _, _ = socket.recv_fds(store, 4096, 1)
        print(answer, len(fds), flush=True)
raise SystemExit({code})
"""

BREAKS = """
from procman.runtime import keeper, plugin
plugin.Chronicle = keeper.Chronicle
def broken(self, *arguments, **named):
    raise RuntimeError("injected")
plugin.{target} = broken
make = plugin.make
"""


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A supervisord with one unit that only sleeps."""
    with Lab([Unit("api-0")]) as lab:
        yield lab


def talking(lab: Lab, *messages: str, code: int = 0, restart: Restart = Restart(max=0)) -> str:
    """Return what a child of supervisord, started as api-0, is answered."""
    script = lab.state / "talks.py"
    script.write_text(TALKS.format(messages=messages, code=code), encoding="utf-8")
    seen = len(lab.output("api-0"))
    lab.change("api-0", command=f"{sys.executable} {script}", restart=restart, autostart=True)
    lab.wait("api-0", "FATAL")
    wait_until(lambda: len(lab.output("api-0")) > seen, 20, "the answer is in its log")
    return lab.output("api-0")[seen:].strip()


def test_start_is_answered(lab: Lab) -> None:
    """A unit that names itself and this project may start."""
    assert talking(lab, f"start\0api-0\0{lab.state}") == "b'ok' 0"


def test_start_with_an_address_brings_a_socket(lab: Lab) -> None:
    """With service, slot and address the answer carries one descriptor."""
    message = "\0".join(("start", "api-0", str(lab.state), "api", "0", f"{free_port()} 127.0.0.1"))
    assert talking(lab, message) == "b'ok' 1"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("start\0api-7\0{state}", "this process is api-0, but its spec file is for api-7"),
        ("start\0api-0\0/elsewhere", "the spec file is for /elsewhere"),
        ("start\0api-0\0{state}\0api\0x\0http ::1", "is not the number of a slot"),
        ("start\0api-0\0{state}\0api\0{slot}\0http ::1", "cannot listen on ::1:http"),
        ("dance\0api-0", "do not understand each other"),
        ("start", "do not understand each other"),
    ],
)
def test_bad_request_is_refused_as_configuration(lab: Lab, message: str, reason: str) -> None:
    """What cannot be meant is answered with 78 and a reason, which status repeats."""
    answer = talking(lab, message.format(state=lab.state, slot=0))
    assert "no\\x0078\\x00" in answer
    assert reason in answer
    assert reason in (lab.unit("api-0").reason or "")


def test_held_unit_is_parked_at_once(lab: Lab) -> None:
    """A unit whose lock is held elsewhere is FATAL without one more try, and status says who has it."""
    assert talking(lab, "held\0api-0\0pid 77 consumes it", code=75, restart=Restart(max=5)) == "b'ok' 0"
    unit = lab.unit("api-0")
    assert (unit.held, unit.restarts) == ("pid 77 consumes it", 0)


def test_start_by_hand_ends_the_parking(lab: Lab) -> None:
    """A new start forgets who held the lock before."""
    talking(lab, "held\0api-0\0pid 77 consumes it", code=75)
    lab.change("api-0", command="/bin/sleep 1000")
    assert lab.wait("api-0", "RUNNING").held is None


def test_only_children_are_answered(lab: Lab) -> None:
    """A process that supervisord did not start is hung up on, root or not."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as store:
        store.settimeout(20)
        store.connect(f"{lab.state}/store.{lab.pid}")
        assert store.recv(100) == b""


def test_silent_clients_block_nothing(lab: Lab) -> None:
    """Children that connect and say nothing cost a descriptor: others are answered, up to any number of them."""
    script = lab.state / "silent.py"
    script.write_text(
        "import os, socket, signal\n"
        "clients = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(200)]\n"
        "for client in clients: client.connect(os.environ['PROCMAN_STORE'])\n"
        "print('connected', flush=True)\n"
        "signal.pause()\n",
        encoding="utf-8",
    )
    lab.units = [*lab.units, Unit("silent-0", command=f"{sys.executable} {script}")]
    lab.write()
    lab.client.reload_config()
    lab.client.add("silent-0")
    wait_until(lambda: "connected" in lab.output("silent-0"), 20, "200 silent clients are connected")
    assert talking(lab, f"start\0api-0\0{lab.state}") == "b'ok' 0"
    assert len(descriptors(lab.pid)) < 60


def test_files_are_private(lab: Lab) -> None:
    """The lock and the store are the owner's alone."""
    modes = {name: (lab.state / name).stat().st_mode & 0o777 for name in ("manager.lock", f"store.{lab.pid}")}
    assert modes == {"manager.lock": 0o600, f"store.{lab.pid}": 0o600}


@pytest.mark.parametrize("reaped", [True, False])
def test_dead_stores_are_swept(reaped: bool) -> None:
    """The socket of a supervisord that was killed goes with the next start, also when nobody has reaped that one."""
    with Lab([Unit("api-0")]) as lab:
        pid = lab.wait("api-0", "RUNNING").pid or 0
        killed = lab.kill()
        if reaped:
            killed.wait()
        wait_until(lambda: procfs.identity(pid) is None, 20, "what it ran has died with it")
        assert (lab.state / f"store.{killed.pid}").exists()
        lab.start()
        assert [f"store.{lab.pid}"] == [p.name for p in lab.state.glob("store.*")]
        killed.wait()


def test_clean_end_removes_its_store(lab: Lab) -> None:
    """What ends as it is told leaves no socket."""
    assert (lab.state / f"store.{lab.pid}").exists()
    lab.end()
    assert not list(lab.state.glob("store.*"))


def test_second_supervisord_starts_nothing(lab: Lab) -> None:
    """On a copied configuration the second supervisord is passive: every unit is held, the first is named."""
    first = lab.wait("api-0", "RUNNING").pid
    with Lab([Unit("api-0"), Unit("web-0")], project=lab.state) as second:
        assert second.wait("api-0", "FATAL").held  # by the launcher already: it saw the other process
        unit = second.wait("web-0", "FATAL")
        assert unit.held == f"another supervisord (pid {lab.pid}) runs this project"
        assert (second.client.status().passive, unit.restarts) == (True, 0)
        assert "runs this project; nothing is started here" in second.log()
    assert first == lab.unit("api-0").pid
    assert (lab.state / f"store.{lab.pid}").exists()


def test_second_supervisord_takes_over_when_asked_again(lab: Lab) -> None:
    """When the first has ended, a start by hand under the second takes the lock."""
    with Lab([Unit("api-0")], project=lab.state) as second:
        second.wait("api-0", "FATAL")
        lab.end()
        second.client.start("api-0")
        second.wait("api-0", "RUNNING")
        assert not second.client.status().passive


def test_lock_that_cannot_be_made_is_a_reason() -> None:
    """When the state directory is missing, nothing is started and everything is said."""
    gone = Path("/nonexistent/procman")
    with Lab([Unit("api-0")], project=gone) as lab:
        assert lab.client.status().passive
        assert f"cannot lock {gone}/manager.lock" in lab.log()


@pytest.mark.parametrize(
    "target",
    [
        "Core._changed",
        "Core._running",
        "Core._stopping",
        "Core._removed",
        "Core.answer",
        "Core.attach",
        "Restarts.on_state",
        "Restarts.reaped",
        "listeners.Listeners.mark",
        "Chronicle.running",
        "Chronicle.ready",
        "Chronicle.reaped",
        "Chronicle.before",
        "Chronicle.after",
        "Journal.note",
    ],
)
def test_broken_callback_does_not_end_supervisord(target: str) -> None:
    """Whatever of procman raises inside supervisord, it is logged and supervisord goes on."""
    units = [Unit("api-0"), Unit("sleep-0", command="/bin/sleep 1000")]
    with Lab(units, plugin=BREAKS.format(target=target)) as lab:
        pid = lab.wait("sleep-0", "RUNNING").pid
        os.kill(pid or 0, signal.SIGKILL)
        lab.wait_restarted("sleep-0", pid)
        lab.stop("sleep-0")
        lab.client.remove("sleep-0")
        lab.client.add("sleep-0")
        lab.wait("sleep-0", "RUNNING")
        assert lab.alive
        lab.end()
        assert "RuntimeError: injected" in lab.log()


def test_broken_answer_hangs_up() -> None:
    """A launcher whose message breaks the plugin is hung up on, and does not wait for ever."""
    with Lab([Unit("api-0", autostart=False)], plugin=BREAKS.format(target="Core.answer")) as lab:
        assert talking(lab, "start\0api-0") == "b'' 0"


@pytest.mark.parametrize("target", ["Core.status", "listeners.Listeners.release"])
def test_broken_call_is_a_fault(target: str) -> None:
    """An RPC that raises answers with a fault that says so."""
    with Lab([], plugin=BREAKS.format(target=target)) as lab:
        with pytest.raises(Fault, match="RuntimeError: injected"):
            lab.client.status() if target == "Core.status" else lab.client.release("api", 0)
        assert lab.alive


def test_section_without_a_state_is_refused(tmp_path: Path) -> None:
    """Without its option the plugin refuses, and supervisord does not start."""
    conf = tmp_path / "conf"
    with Lab([]) as lab:
        text = (lab.state / "conf").read_text(encoding="utf-8")
    conf.write_text(text.replace("\nstate = ", "\nstat = ").replace(str(lab.state), str(tmp_path)), encoding="utf-8")
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(conf)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "Could not make procman rpc interface" in done.stderr + done.stdout


def test_listening_process_is_known_by_its_socket(lab: Lab) -> None:
    """The pid behind the control socket is supervisord's."""
    assert lab.pid == peer_pid(lab.client.path)


def test_descriptors_are_out_of_reach(lab: Lab) -> None:
    """Lock, store and wake-up lie at or above `minfds`, so that no child and no reload closes them."""
    lab.stop("api-0")  # its log pipe is supervisord's own, and low
    low = [what for number, what in descriptors(lab.pid).items() if number < MINFDS]
    assert not [link for link in low if link.endswith("manager.lock") or link.startswith("pipe:")]
