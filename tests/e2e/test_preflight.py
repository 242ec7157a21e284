"""What `up` looks at before it stops anything."""

import os
import socket

import pytest

from procman.adapters.ports import path_fault
from procman.core.places import UnixSocket
from tests.support.projects import Project, ended
from tests.support.supervised import free_port

pytestmark = pytest.mark.slow


def test_a_taken_new_address_is_refused_before_anything_stops(running: Project) -> None:
    """A changed `listen` on a port that a stranger has ends `up` with 1, and every instance keeps its pid."""
    before = running.pids()
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        running.write({"api": running.api(listen=f"127.0.0.1:{port}"), "mqtt": running.mqtt()})
        ended(running.run("up"), 1, f"127.0.0.1:{port} is in use by")
    assert running.pids() == before


def test_a_consumer_can_get_another_name(running: Project) -> None:
    """The consumer under a new service name replaces the old one: stopped first, then started, one consumer."""
    before = running.pids()
    running.write({"api": running.api(), "reader": running.mqtt()})
    ended(running.run("up"), 0)
    after = running.pids()
    assert set(after) == {"api-0", "api-1", "reader-0"}
    assert {unit: after[unit] for unit in ("api-0", "api-1")} == {u: before[u] for u in ("api-0", "api-1")}
    assert running.consumers() == [after["reader-0"]]


def test_a_unix_socket_that_cannot_be_made_is_refused_at_once(shop: Project) -> None:
    """No folder, a file of that name, somebody who listens there: told before anything starts; a dead name is none."""
    place = shop.folder / "run" / "api.sock"
    shop.write({"api": shop.api(listen="unix:run/api.sock")})
    ended(shop.run("up"), 1, f"unix:{place}", f"there is no folder {place.parent}", f"mkdir -p {place.parent}")
    place.parent.mkdir()
    place.write_text("mine", encoding="ascii")
    ended(shop.run("up"), 1, "something that is no socket has that name")
    assert place.read_text(encoding="ascii") == "mine"
    place.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(place))
        other.listen()
        ended(shop.run("up"), 1, "is in use by another process")
    shop.up()
    ended(shop.run("up"), 0, "nothing to change")


def test_a_unix_socket_with_too_long_a_path_is_refused_at_once(shop: Project) -> None:
    """What counts is the path as it is used, with the folder of the manifest before it."""
    name = "a" * 95
    shop.write({"api": shop.api(listen=f"unix:{name}")})
    ended(shop.run("up"), 1, f"unix:{shop.folder}/{name}", "at most 107 bytes", "choose a shorter path")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user: run the tests as root")
@pytest.mark.parametrize(("ids", "may"), [((-1, -1), True), ((65534, -1), True), ((0, -1), False), ((-1, 4), False)])
def test_a_socket_cannot_be_given_away_by_anybody(ids: tuple[int, int], may: bool) -> None:
    """Who is not root keeps his files: told before anything starts."""
    os.seteuid(65534)
    try:
        fault = path_fault(UnixSocket("/tmp/a.sock", owner="somebody", ids=ids))
    finally:
        os.seteuid(0)
    assert (fault is None) == may
    assert fault is None or "cannot be given to somebody: only root" in fault[0]
