"""Who gets a new connection: the next in turn where the kernel lets a program count, and one by chance elsewhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from procman.core.manifest import Address
from tests.integration.test_plugin_listeners import cluster, served
from tests.support.supervised import Lab, free_port
from tests.support.tiwater import need
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

HEAD = """
import json, socket, sys
from procman.runtime.listeners import ALIVE, DEAD, READY, Listeners
from procman.runtime.sockets import Address
said, kept, place = [], [], Address("127.0.0.1", int(sys.argv[1]))
held = Listeners(200, said.append)

def take(*slots):
    for slot in slots:
        held.take(f"api-{slot}", "api", slot, [place])
        held.mark(f"api-{slot}", READY)

def given(count, *slots):
    "How many of so many new connections each of the slots got."
    before = [held.queued(f"api-{slot}") for slot in slots]
    kept.extend(socket.create_connection(place) for _ in range(count))
    return [held.queued(f"api-{slot}") - n for slot, n in zip(slots, before)]

"""
TAIL = "\nprint(json.dumps([held.placement(), said, found]))"


def run(script: str, *before: str) -> list[Any]:
    """Run `script`, which leaves something in `found`, in a process of its own; what was chosen, said and found."""
    command = [*before, sys.executable, "-c", HEAD + script + TAIL, str(free_port())]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: list[Any] = json.loads(done.stdout)
    return answer


TRIVIAL = """
import array, ctypes, os, platform, struct
lines = array.array("B", struct.pack("=BBhiBBhi", 0xB7, 0, 0, 1, 0x95, 0, 0, 0))
terms = array.array("B", bytes(1))
load = struct.pack("=IIQQ", 21, 2, lines.buffer_info()[0], terms.buffer_info()[0])
load = load.ljust(68, bytes(1)) + bytes([40, 0, 0, 0])
number = {"x86_64": 321}.get(platform.machine(), 280)
raise SystemExit(ctypes.CDLL(None, use_errno=True).syscall(number, 5, load, len(load)) < 0)
"""
"""Loads a program of two instructions that selects in a group of SO_REUSEPORT: 0 when the kernel allows that."""


def _permitted() -> bool:
    return subprocess.run([sys.executable, "-c", TRIVIAL], check=False).returncode == 0


@pytest.fixture(scope="module")
def permitted() -> None:
    """The kernel lets this user load such a program at all."""
    if not _permitted():
        pytest.skip("this user may load no program into the kernel: run the tests as root")


def _unprivileged() -> tuple[str, ...]:
    return (need("setpriv", "util-linux"), "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all")


@pytest.fixture(params=["in turn", "by chance"])
def way(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What a script is run with: nothing where turns are taken, and what takes the right to it."""
    if request.param == "by chance":
        return _unprivileged()
    request.getfixturevalue("permitted")
    return ()


@pytest.mark.usefixtures("permitted")
def test_ready_slots_take_turns() -> None:
    """Of few connections, too, each slot has its part: of those that are ready, after each change of who that is."""
    script = """
take(0, 1)
found = [given(64, 0, 1)]
take(2)
found.append(given(63, 0, 1, 2))
held.mark("api-1", DEAD)
found.append(given(10, 0, 1, 2))
held.mark("api-1", READY)
found.append(given(9, 0, 1, 2))
held.drop("api-0")
found.append(given(10, 1, 2))
held.mark("api-1", DEAD)
held.mark("api-2", DEAD)
found.append(given(4, 1, 2))
take(0)
found.append(given(3, 0))
"""
    chosen, said, found = run(script)
    assert found == [[32, 32], [21, 21, 21], [5, 0, 5], [3, 3, 3], [5, 5], [2, 2], [3]]
    assert (chosen, said) == ({"method": "round-robin", "reason": None}, [])


@pytest.mark.usefixtures("permitted")
def test_a_probe_is_aimed_and_takes_no_turn() -> None:
    """A connection from an aimed port reaches its slot, ready or not; the others go on in turn meanwhile."""
    script = """
take(0, 1, 2)
held.mark("api-1", DEAD)
found = []
for slot in (1, 1, 2, 1):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        held.aim(f"api-{slot}", place, probe.getsockname()[1])
        before = [held.queued(f"api-{n}") for n in range(3)]
        probe.connect(place)
        found.append([held.queued(f"api-{n}") - had for n, had in enumerate(before)])
        found.append(given(1, 0, 1, 2))
        held.aim(f"api-{slot}", place, None)
"""
    found = run(script)[2]
    assert found[::2] == [[0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]]
    first, *others = found[1::2]
    assert first in ([1, 0, 0], [0, 0, 1])
    assert others == [first[::-1], first, first[::-1]]


@pytest.mark.usefixtures("permitted")
@pytest.mark.parametrize("closing", ['held.drop("api-1")', 'held.release("api", 1)'])
def test_what_a_closed_listener_had_goes_to_another(closing: str) -> None:
    """Connections that nobody has accepted are not reset when the slot is given up, or released by `scale`."""
    script = f"""
take(0, 1, 2)
held.mark("api-2", DEAD)
before = given(40, 0, 1)
{closing}
accepting = held.sockets("api-0")[0]
accepting.settimeout(5)
for _ in range(40):
    accepting.accept()[0].sendall(b"x")
found = before, [one.recv(1) for one in kept].count(b"x")
"""
    assert run(script)[2] == [[20, 20], 40]


@pytest.mark.usefixtures("permitted")
def test_what_one_that_is_given_up_had_goes_to_one_that_starts() -> None:
    """From the second listener on, ready or not, there is somebody who takes over."""
    script = """
take(0)
held.take("api-1", "api", 1, [place])
found = [given(20, 0, 1)]
held.drop("api-0")
found += [held.queued("api-1")]
"""
    assert run(script)[2] == [[20, 0], 20]


@pytest.mark.usefixtures("permitted")
def test_services_take_turns_apart() -> None:
    """One service's connections do not change whose turn it is at another, and nothing is left open at the end."""
    script = """
import os
before = os.listdir("/proc/self/fd")
take(0, 1)
other = Address("127.0.0.2", place.port)
for slot in (0, 1):
    held.take(f"web-{slot}", "web", slot, [other])
    held.mark(f"web-{slot}", READY)
found = [0, 0]
for _ in range(10):
    found = [a + b for a, b in zip(found, given(1, 0, 1))]
    kept.append(socket.create_connection(other))
held.forget_all_but(set())
for one in kept:
    one.close()
found = [found, len(os.listdir("/proc/self/fd")) - len(before)]
"""
    assert run(script)[2] == [[5, 5], 0]


@pytest.mark.usefixtures("permitted")
def test_more_slots_than_the_table_holds() -> None:
    """With more than 255 slots chance decides, and keeps away from what is not ready; a probe finds each of them."""
    script = """
take(*range(255))
found = [given(255, *range(255)) == [1] * 255]
take(255)
for slot in range(255):
    held.mark(f"api-{slot}", DEAD)
found += [given(20, 255), held.placement()["method"]]
take(0)
held.mark("api-255", DEAD)
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    held.aim("api-255", place, probe.getsockname()[1])
    before = held.queued("api-255")
    probe.connect(place)
    found += [held.queued("api-255") - before, given(20, 0)]
    held.aim("api-255", place, None)
held.drop("api-255")
found += [given(20, 0), held.placement()["method"]]
"""
    assert run(script)[2] == [True, [20], "hash", 1, [20], [20], "round-robin"]


@pytest.mark.usefixtures("permitted")
def test_more_probes_than_the_table_holds() -> None:
    """With 40 probes aimed at once each finds its slot."""
    script = """
from contextlib import ExitStack
take(*range(50))
with ExitStack() as stack:
    probes = [stack.enter_context(socket.socket()) for _ in range(40)]
    for slot, probe in enumerate(probes):
        probe.bind(("127.0.0.1", 0))
        held.aim(f"api-{slot}", place, probe.getsockname()[1])
    for probe in probes:
        probe.connect(place)
    found = [held.queued(f"api-{slot}") for slot in range(50)] == [1] * 40 + [0] * 10
"""
    assert run(script)[2] is True


def test_without_the_right_chance_decides() -> None:
    """A manager that may load no program serves all the same, says why once, and keeps away from what is not ready."""
    script = """
take(0, 1)
found = [given(200, 0, 1)]
take(2)
held.mark("api-1", DEAD)
found.append(given(50, 0, 1, 2))
"""
    chosen, said, found = run(script, *_unprivileged())
    both, without = found
    assert (sum(both), min(both) > 50) == (200, True)
    assert (sum(without), without[1]) == (50, 0)
    reason = "the manager lacks CAP_BPF: root has it, in a container mostly not"
    assert chosen == {"method": "hash", "reason": reason}
    assert said == [f"connections of api go to an instance by the kernel's hash: {reason}"]


def test_what_is_not_ready_gets_nothing_after_slots_have_left(way: tuple[str, ...]) -> None:
    """The last socket moves into the place of a closed one: connections and probes follow their slots."""
    script = """
take(0, 1, 2, 3)
for slot in (0, 1, 2):
    held.mark(f"api-{slot}", DEAD)
held.drop("api-0")
found = [given(60, 1, 2, 3)]
take(0)
held.mark("api-3", DEAD)
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    held.aim("api-3", place, probe.getsockname()[1])
    held.drop("api-1")
    before = held.queued("api-3")
    probe.connect(place)
    found += [held.queued("api-3") - before, given(60, 0, 2, 3)]
"""
    assert run(script, *way)[2] == [[0, 0, 60], 1, [60, 0, 0]]


@pytest.mark.usefixtures("permitted")
def test_what_is_left_at_an_old_address_goes_to_what_is_ready() -> None:
    """A slot that moves to another address leaves what it has not accepted to the ready ones there."""
    script = """
take(0, 1, 2)
held.mark("api-2", DEAD)
given(40, 0, 1)
held.take("api-1", "api", 1, [Address("127.0.0.2", place.port)])
found = [held.queued(f"api-{n}") for n in (0, 2)]
"""
    assert run(script)[2] == [40, 0]


@pytest.mark.usefixtures("permitted")
def test_a_group_that_takes_turns_goes_on_when_another_cannot() -> None:
    """Without descriptors left a second service does without; the slots of the first are known, new ones, too."""
    script = """
import fcntl, os, resource
take(0, 1)
other = Address("127.0.0.2", place.port)
held.take("web-0", "web", 0, [other])
free = fcntl.fcntl(0, fcntl.F_DUPFD, 200)
os.close(free)
resource.setrlimit(resource.RLIMIT_NOFILE, (free + 40, free + 40))
ballast = [fcntl.fcntl(0, fcntl.F_DUPFD, number) for number in range(free + 3, free + 40)]
held.take("web-1", "web", 1, [other])  # there is room for its socket, and a part of the rest
left = fcntl.fcntl(0, fcntl.F_DUPFD, 200) - free
for one in ballast:
    os.close(one)
held.mark("web-0", READY)
held.mark("web-1", READY)
take(2)
held.mark("api-0", DEAD)
held.mark("api-1", DEAD)
found = given(60, 0, 1, 2), left
held.mark("api-0", READY)
found += given(10, 0, 2), given(50, 0, 2)
"""
    chosen, said, found = run(script)
    assert found == [[0, 0, 60], 1, [5, 5], [25, 25]]
    assert chosen["method"] == "hash"
    assert len(said) == 1


@pytest.mark.usefixtures("permitted")
def test_answers_to_syn_cookies_take_no_turn() -> None:
    """A connection that a cookie opened reaches the program twice; it counts once, so both slots get some."""
    script = """
import fcntl, struct
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0x41))  # lo is up
open("/proc/sys/net/ipv4/tcp_syncookies", "w").write("2")
take(0, 1)
found = given(100, 0, 1)
"""
    if os.geteuid() != 0:
        pytest.skip("a network namespace of its own needs root")
    found = run(script, need("unshare", "util-linux"), "--net")[2]
    assert sum(found) == 100
    assert min(found) > 20


@pytest.mark.usefixtures("permitted")
def test_instances_of_a_manager_take_turns() -> None:
    """Under supervisord: turns from the start on, and again after one has died."""
    address = Address("127.0.0.1", free_port())
    with Lab(cluster(2, address)) as lab:
        both = ("api-0", "api-1")
        wait_until(lambda: all(lab.unit(name).ready for name in both), 40, "both are ready")
        assert served(address, 20) == {"api-0": 10, "api-1": 10}
        pid = lab.unit("api-0").pid
        os.kill(pid or 0, signal.SIGKILL)
        lab.wait_restarted("api-0", pid)
        wait_until(lambda: all(lab.unit(name).ready for name in both), 40, "both are ready again")
        assert served(address, 20) == {"api-0": 10, "api-1": 10}
        seen = lab.client.status()
        assert (seen.placement, seen.placement_reason) == ("round-robin", None)
