"""Two services consume the same messages."""

from __future__ import annotations

import pytest

from procman.rules import topics_overlap as rule
from tests.support.judging import Told, judged

HELP = "let one service consume these messages, or choose filters that do not overlap"
TWO = """
    services:
      mqtt: {{kind: singleton, command: a, consumes: {{broker: "{0}", topics: [{1}]}}}}
      logs: {{kind: singleton, command: b, consumes: {{broker: "{2}", topics: [{3}]}}}}
"""


def told(place: str, other: str) -> Told:
    """Return a finding of this rule."""
    message = "'logs' consumes what 'mqtt' consumes"
    return Told("PM203", "topics-overlap", "error", message, HELP, place, (("the overlapping filter", other),))


@pytest.mark.parametrize(
    ("broker", "topics", "other_broker", "other_topics", "found"),
    [
        ("mqtt://h", "tiwater/+/data", "mqtt://h", '"tiwater/#"', [('6: "tiwater/#"', "5: tiwater/+/data")]),
        ("mqtt://h", "a", "mqtt://h", "a", [("6: a", "5: a")]),
        ("mqtt://localhost", "a", "tcp://u:p@127.0.0.1:1883", "a", [("6: a", "5: a")]),
        ("mqtt://localhost", "a", "mqtt://127.1", "a", [("6: a", "5: a")]),
        ("mqtt://bücher.example", "a", "mqtt://xn--bcher-kva.example", "a", [("6: a", "5: a")]),
        ("mqtt://h", "$share/g/a", "mqtt://h", "a", [("6: a", "5: $share/g/a")]),
        ("mqtt://h", "$queue/a", "mqtt://h", "$exclusive/a", [("6: $exclusive/a", "5: $queue/a")]),
        ("mqtt://h", "x, a/+", "mqtt://h", "a/b, +/b", [("6: a/b", "5: a/+"), ("6: +/b", "5: a/+")]),
    ],
)
def test_filters_that_one_message_can_match_are_told(
    broker: str, topics: str, other_broker: str, other_topics: str, found: list[tuple[str, str]]
) -> None:
    """Each filter that overlaps with an earlier one on one broker, however spelt, is told with the place of that."""
    expected = [told(place, other) for place, other in found]
    assert expected == judged(rule, TWO.format(broker, topics, other_broker, other_topics))


@pytest.mark.parametrize(
    ("broker", "topics", "other_broker", "other_topics"),
    [
        ("mqtt://h", "a/+", "mqtt://h", "a"),
        ("mqtt://h", "a", "mqtt://i", "a"),
        ("mqtt://h", "a", "mqtt://h:1884", "a"),
        ("mqtt://h", '"#"', "mqtt://h", "$SYS/load"),
        ("mqtt://h", "$share/g/a", "mqtt://h", "$share/g/a"),
        ("mqtt://h", "$share/g/a", "mqtt://h", "$share/k/a"),
    ],
)
def test_filters_that_share_no_message_are_fine(broker: str, topics: str, other_broker: str, other_topics: str) -> None:
    """Other levels, other brokers, `$` topics and one share group do not collide; nor do two groups here."""
    assert judged(rule, TWO.format(broker, topics, other_broker, other_topics)) == []


def test_one_service_may_overlap_with_itself() -> None:
    """Two filters of one service reach one process."""
    text = "services: {mqtt: {kind: singleton, command: a, consumes: {broker: mqtt://h, topics: [a/b, a/+]}}}"
    assert judged(rule, text) == []
