"""Two services use one MQTT client id on one broker."""

from __future__ import annotations

import pytest

from procman.rules import client_id_shared as rule
from tests.support.judging import Told, judged

TWO = """
    services:
      mqtt: {{kind: singleton, command: a, consumes: {{broker: "{0}", topics: [a], {1}}}}}
      logs: {{kind: singleton, command: b, consumes: {{broker: "{2}", topics: [b], {3}}}}}
"""


@pytest.mark.parametrize("other", ["mqtt://10.9.8.7", "tcp://user:pw@10.9.2055:1883/"])
def test_one_client_id_on_one_broker_is_told(other: str) -> None:
    """The second use is told with the place of the first, however the broker is spelt."""
    expected = Told(
        "PM204",
        "client-id-shared",
        "error",
        "'logs' uses the client id of 'mqtt'",
        "give each consumer a fixed client id of its own",
        "6: one",
        (("used first here", "5: one"),),
    )
    assert [expected] == judged(rule, TWO.format("mqtt://10.9.8.7", "client_id: one", other, "client_id: one"))


def test_three_services_with_one_client_id_are_told_once_each() -> None:
    """Each later service is told with the first one that has the id."""
    text = TWO.format("mqtt://h", "client_id: one", "mqtt://h", "client_id: one")
    text += "      more: {kind: singleton, command: c, consumes: {broker: mqtt://h, topics: [c], client_id: one}}\n"
    assert [
        ("'logs' uses the client id of 'mqtt'", "6: one"),
        ("'more' uses the client id of 'mqtt'", "7: one"),
    ] == [(t.message, t.place) for t in judged(rule, text)]


@pytest.mark.parametrize(
    ("one", "broker", "other"),
    [
        ("client_id: one", "mqtt://h", "client_id: One"),
        ("client_id: one", "mqtt://i", "client_id: one"),
        ("client_id: one", "mqtt://h", ""),
        ("", "mqtt://h", ""),
    ],
)
def test_own_client_ids_are_fine(one: str, broker: str, other: str) -> None:
    """Another id (case counts), another broker, and ids that the broker gives are not told."""
    text = TWO.format("mqtt://h", one, broker, other).replace(", }", "}")
    assert judged(rule, text) == []


def test_id_of_a_member_is_told() -> None:
    """Of a consumer that asks for three, `-1` and `-2` are taken, whichever of the two services comes first."""
    consumes = "consumes: {broker: mqtt://h, topics: [a], client_id: c"
    scaled = f"mqtt: {{kind: scalable, instances: 3, command: a, {consumes}, share: g}}}}"
    other = f"logs: {{kind: singleton, command: b, {consumes.replace('[a]', '[b]')}-2}}}}"
    text = "\n    services:\n      {0}\n      {1}\n"
    assert ["'logs' uses the client id of 'mqtt-2'"] == [t.message for t in judged(rule, text.format(scaled, other))]
    assert ["'mqtt' uses the client id of 'logs'"] == [t.message for t in judged(rule, text.format(other, scaled))]
    assert judged(rule, text.format(scaled, other).replace("c-2", "c-3")) == []
