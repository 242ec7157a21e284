"""Listening sockets held by the plugin: handed out, steered between, kept over SIGHUP, refused when they must be."""

from __future__ import annotations

import os
import signal
import socket
from collections import Counter
from collections.abc import Iterator

import pytest

from procman.adapters.supervisor_rpc import Fault
from procman.core.manifest import Address, Restart
from tests.support.supervised import ANSWERS, Lab, Unit, ask, descriptors, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

GIVES_UP = Restart(max=0)


def cluster(size: int, address: Address) -> list[Unit]:
    """Some instances of one service on one address."""
    return [Unit(f"api-{n}", ANSWERS, address) for n in range(size)]


@pytest.fixture
def address() -> Address:
    """An address that nobody listens on."""
    return Address("127.0.0.1", free_port())


@pytest.fixture
def lab(address: Address) -> Iterator[Lab]:
    """Three instances that run and accept on one address."""
    with Lab(cluster(3, address)) as lab:
        for number in range(3):
            lab.wait(f"api-{number}", "RUNNING")
        yield lab


def served(address: Address, count: int = 200) -> Counter[str]:
    """Return which unit answered how many of so many new connections."""
    return Counter(ask(address).split(" ")[0] for _ in range(count))


def test_every_slot_is_served(lab: Lab, address: Address) -> None:
    """Each instance has a socket of its own, and new connections reach all of them."""
    assert {"api-0", "api-1", "api-2"} == set(served(address))
    assert len({lab.unit(f"api-{n}").slot_inode for n in range(3)}) == 3


def test_stopped_slot_swallows_nothing(lab: Lab, address: Address) -> None:
    """With any one instance stopped, every new connection is answered by another; started again, it serves again."""
    for name in ("api-0", "api-1", "api-2"):
        lab.stop(name)
        seen = served(address)
        assert (seen.total(), name in seen) == (200, False)
        lab.client.start(name)
        lab.wait(name, "RUNNING")
    assert {"api-0", "api-1", "api-2"} == set(served(address))


def test_killed_slot_loses_no_connection(lab: Lab, address: Address) -> None:
    """After kill -9 of one instance, new connections are answered by the others, or by its successor."""
    pid = lab.unit("api-1").pid or 0
    os.kill(pid, signal.SIGKILL)
    assert served(address).total() == 200
    lab.wait_restarted("api-1", pid)


def test_failed_slot_swallows_nothing(lab: Lab, address: Address) -> None:
    """An instance that is given up loses its socket; the others get its connections and keep their places."""
    lab.change("api-0", restart=GIVES_UP)
    os.kill(lab.wait("api-0", "RUNNING").pid or 0, signal.SIGKILL)
    assert lab.wait("api-0", "FATAL").slot_inode is None
    assert {"api-1", "api-2"} == set(served(address))
    lab.stop("api-2")
    assert served(address) == {"api-1": 200}


def test_stopped_service_keeps_its_queue(address: Address) -> None:
    """A connection made while the only instance is down is answered when it is back."""
    with Lab(cluster(1, address)) as lab:
        lab.wait("api-0", "RUNNING")
        lab.stop("api-0")
        with socket.create_connection((address.host, address.port), timeout=20) as waiting:
            lab.client.start("api-0")
            assert waiting.recv(100).startswith(b"api-0 ")


def test_reload_signal_keeps_the_listeners(lab: Lab, address: Address) -> None:
    """SIGHUP restarts every service, but the sockets stay: a client waits, and is never refused."""
    inodes = {lab.unit(f"api-{n}").slot_inode for n in range(3)}
    os.kill(lab.pid, signal.SIGHUP)
    wait_until(lambda: lab.log().count("RPC interface 'procman' initialized") == 2, 20, "a new plugin is made")
    assert served(address).total() == 200
    for number in range(3):
        lab.wait(f"api-{number}", "RUNNING")
    assert inodes == {lab.unit(f"api-{n}").slot_inode for n in range(3)}
    pid = lab.unit("api-0").pid
    os.kill(pid or 0, signal.SIGKILL)
    assert lab.wait_restarted("api-0", pid).restarts == 1


def test_reload_signal_closes_what_is_not_wanted_any_more(lab: Lab, address: Address) -> None:
    """A unit that is gone from the file after SIGHUP has no listening socket left."""
    lab.units = [Unit("other-0")]
    lab.write()
    os.kill(lab.pid, signal.SIGHUP)
    wait_until(lambda: "spawned: 'other-0'" in lab.log(), 20, "the new file is read")
    with pytest.raises(ConnectionRefusedError):
        ask(address)


def test_release_closes_the_upper_slots(lab: Lab, address: Address) -> None:
    """Slots from n on are closed, once their instances are down; the lower ones go on."""
    with pytest.raises(Fault, match="api-1, api-2 still use"):
        lab.client.release("api", 1)
    lab.stop("api-1")
    lab.stop("api-2")
    lab.client.release("api", 1)
    assert lab.unit("api-1").slot_inode is None
    assert served(address) == {"api-0": 200}


def test_middle_slot_can_leave_and_come_back(lab: Lab, address: Address) -> None:
    """The kernel moves the last socket into the place of a closed one; steering follows."""
    lab.stop("api-0")
    lab.stop("api-1")
    lab.stop("api-2")
    lab.client.release("api", 1)
    for name in ("api-2", "api-1", "api-0"):
        lab.client.start(name)
        lab.wait(name, "RUNNING")
    for name in ("api-1", "api-0"):
        lab.stop(name)
        assert name not in served(address)
    assert served(address) == {"api-2": 200}


@pytest.mark.parametrize("arguments", [("api", -1), (1, 0), ("api", "0"), ("api", True)])
def test_release_refuses_bad_arguments(lab: Lab, arguments: tuple[str, int]) -> None:
    """A bad argument is a fault, not an error inside supervisord."""
    with pytest.raises(Fault) as caught:
        lab.client.release(*arguments)
    assert caught.value.code == 3


def test_stranger_on_the_port_is_named(address: Address) -> None:
    """A taken address is refused with the process that has it, and tried again by the policy."""
    with socket.create_server((address.host, address.port), reuse_port=True), Lab(cluster(1, address)) as lab:
        expected = f"cannot listen on {address}: address in use by process {os.getpid()} ("
        wait_until(lambda: expected in (lab.unit("api-0").reason or ""), 40, "the reason names the test")
        assert lab.unit("api-0").exit == "exit status 69"


def test_stranger_cannot_join_the_port(lab: Lab, address: Address) -> None:
    """A process without SO_REUSEPORT finds the address in use."""
    with pytest.raises(OSError, match="in use"):
        socket.create_server((address.host, address.port))


def test_name_is_not_looked_up() -> None:
    """A host name is refused as a fault of configuration: a look-up could block supervisord."""
    with Lab([Unit("api-0", ANSWERS, Address("example.org", 8000), restart=GIVES_UP)]) as lab:
        assert "write a literal address or localhost" in (lab.wait("api-0", "FATAL").reason or "")


@pytest.mark.parametrize("host", ["localhost", "::1", "0.0.0.0"])
def test_other_literals_are_served(host: str) -> None:
    """Localhost, IPv6 and every interface are addresses too."""
    address = Address(host, free_port("::1" if host == "::1" else "127.0.0.1"))
    with Lab(cluster(1, address)) as lab:
        lab.wait("api-0", "RUNNING")
        assert ask(address).startswith("api-0 ")


def test_changed_address_moves_the_service(lab: Lab, address: Address) -> None:
    """Instances that come back on another address leave the old one, which closes with the last."""
    there = Address("127.0.0.1", free_port())
    for number in range(3):
        lab.change(f"api-{number}", listen=there)
        lab.wait(f"api-{number}", "RUNNING")
    assert {"api-0", "api-1", "api-2"} == set(served(there))
    with pytest.raises(ConnectionRefusedError):
        ask(address)


def test_service_widens_its_address(lab: Lab, address: Address) -> None:
    """A move to every interface on the same port goes slot by slot, though the two addresses overlap."""
    for number in range(3):
        lab.change(f"api-{number}", listen=Address("0.0.0.0", address.port))
        lab.wait(f"api-{number}", "RUNNING")
        assert served(address, 20).total() == 20
    assert {"api-0", "api-1", "api-2"} == set(served(address))


def test_no_child_inherits_a_listener_of_another(lab: Lab) -> None:
    """A service has its own listening socket and none of its siblings'."""
    unit = lab.unit("api-1")
    sockets = [what for what in descriptors(unit.pid or 0).values() if what.startswith("socket:")]
    assert [f"socket:[{unit.slot_inode}]"] == sockets
