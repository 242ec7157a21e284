"""What `up` looks at before it stops anything."""

import socket

import pytest

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
