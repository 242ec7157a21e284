"""What each member of a consumer is told and holds."""

from __future__ import annotations

from dataclasses import replace

from procman.core.manifest import Consumes, Kind
from procman.core.members import authorities, client_id, lock, subscriptions, variables
from procman.core.spec import Lock
from tests.support.values import service

SHARED = Consumes("mqtt://me:pw@localhost/", ("a/+", "b/#"), client_id="tiwater", share="g")


def test_every_member_has_a_client_id_of_its_own() -> None:
    """Member 0 keeps the declared one, the others get a number behind it; none is invented."""
    assert ("tiwater", "tiwater-1", "tiwater-2") == tuple(client_id(SHARED, i) for i in range(3))
    assert client_id(Consumes("mqtt://h", ("a",)), 1) is None


def test_a_group_is_part_of_every_filter() -> None:
    """The consumer's group is put in front; a filter that names its own keeps that."""
    assert ("$share/g/a/+", "$share/g/b/#") == subscriptions(SHARED)
    assert ("$share/h/a", "$share/g/b") == subscriptions(Consumes("mqtt://h", ("$share/h/a", "b"), share="g"))
    assert ("a",) == subscriptions(Consumes("mqtt://h", ("a",)))


def test_a_member_is_told_all_it_needs_to_connect() -> None:
    """Broker, filters, group, client id, quality, session, and where it is told to leave."""
    asked = service("mqtt", Kind.SCALABLE, consumes=SHARED)
    assert {
        "PROCMAN_MQTT_BROKER": "mqtt://localhost/",
        "PROCMAN_MQTT_TOPICS": "$share/g/a/+\n$share/g/b/#",
        "PROCMAN_MQTT_CLIENT_ID": "tiwater-2",
        "PROCMAN_MQTT_QOS": "1",
        "PROCMAN_MQTT_SESSION": "persistent",
        "PROCMAN_MQTT_GROUP": "g",
        "PROCMAN_MQTT_LEAVE": "/state/leaving/mqtt-2",
    } == variables(asked, 2, "/state")
    assert {} == variables(service("api"), 0, "/state")


def test_what_is_not_one_group_or_not_declared_is_not_told() -> None:
    """Two groups, or no client id: the variable is missing, not empty."""
    asked = service("mqtt", consumes=Consumes("mqtt://h", ("$share/g/a", "$share/h/b")))
    assert not {"PROCMAN_MQTT_GROUP", "PROCMAN_MQTT_CLIENT_ID"} & set(variables(asked, 0, "/s"))


def test_a_further_member_locks_its_client_id() -> None:
    """On its broker, whatever its spelling; no client id reads as a wildcard."""
    asked = service("mqtt", consumes=SHARED)
    assert Lock("member", "localhost:1883/tiwater-1") == lock(asked, 1, frozenset())
    odd = service("mqtt", consumes=Consumes("mqtt://127.0.0.1:1883", ("a",), client_id="a/+#%"))
    assert Lock("member", "localhost:1883/a%2F%2B%23%25-1") == lock(odd, 1, frozenset())


def test_authorities_are_told_as_a_whole_path() -> None:
    """Relative to the service's directory, as written when it is whole already, and nothing when none are named."""
    asked = replace(SHARED, ca="certs/ca.pem")
    assert variables(service("mqtt", consumes=asked), 0, "/s", "/app")["PROCMAN_MQTT_CA"] == "/app/certs/ca.pem"
    assert authorities(replace(SHARED, ca="/etc/ca.pem"), "/app") == "/etc/ca.pem"
    assert "PROCMAN_MQTT_CA" not in variables(service("mqtt", consumes=SHARED), 0, "/s", "/app")
