"""Who gets a new connection: the next in turn where the kernel lets a program count, and one by chance elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from typing import Any

import pytest

from procman.core.manifest import Address
from tests.integration.test_plugin_listeners import cluster, served
from tests.support.supervised import Lab, free_port
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


@pytest.fixture(scope="module")
def permitted() -> None:
    """The kernel lets this user load a program."""
    chosen, said, _ = run("take(0, 1)\nfound = None")
    if chosen["method"] != "round-robin":
        pytest.skip(f"run the tests as root: {said}")


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
take(0, 1)
before = given(40, 0, 1)
{closing}
served = 0
accepting = held.sockets("api-0")[0]
accepting.settimeout(5)
for _ in range(40):
    accepting.accept()[0].sendall(b"x")
found = before, [one.recv(1) for one in kept].count(b"x")
"""
    assert run(script)[2] == [[20, 20], 40]


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
    """With more than 255 slots chance decides, and keeps away from what is not ready; with 255 it is turns."""
    script = """
take(*range(255))
found = [given(255, *range(255)) == [1] * 255]
take(255)
held.mark("api-7", DEAD)
found += [given(100, 7), sum(given(100, *range(256)))]
held.drop("api-255")
held.mark("api-7", READY)
found += [given(255, *range(255)) == [1] * 255]
"""
    assert run(script)[2] == [True, [0], 100, True]


def test_without_the_right_chance_decides() -> None:
    """A manager that may load no program serves all the same, says why once, and keeps away from what is not ready."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv is not installed: sudo apt-get install util-linux")
    script = """
take(0, 1)
found = [given(200, 0, 1)]
take(2)
held.mark("api-1", DEAD)
found.append(given(50, 0, 1, 2))
"""
    chosen, said, found = run(script, setpriv, "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all")
    both, without = found
    assert (sum(both), min(both) > 50) == (200, True)
    assert (sum(without), without[1]) == (50, 0)
    reason = "bpf(2) is refused: it needs root, and Linux 5.14"
    assert chosen == {"method": "hash", "reason": reason}
    assert said == [f"connections of api go to an instance by the kernel's hash: {reason}"]


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
