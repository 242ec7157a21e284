"""Finding overlapping filters without comparing all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from procman.core.broker_names import Known
from procman.core.topic_index import Entry, TopicIndex, earlier
from procman.core.topics import filters_overlap
from tests.support.values import consumer, service

LEVELS = st.sampled_from(["a", "b", "", "+", "$SYS", "$x"])
FILTERS = st.builds(
    lambda levels, end: "/".join([*levels, *end]),
    st.lists(LEVELS, min_size=1, max_size=4),
    st.sampled_from([[], ["#"]]),
) | st.just("#")


@given(st.lists(FILTERS, max_size=8), FILTERS)
def test_it_finds_what_comparing_each_would_find(filters: list[str], asked: str) -> None:
    """For any filters, the index and the plain comparison agree, and nothing is found twice."""
    index = TopicIndex()
    for number, topic in enumerate(filters):
        index.add(topic, Entry(service(), number, None))
    expected = [number for number, topic in enumerate(filters) if filters_overlap(topic, asked)]
    assert expected == sorted(entry.index for entry in index.overlapping(asked))


def test_only_earlier_services_on_the_same_broker_count() -> None:
    """A service is not held against itself, nor against one on another broker."""
    services = (
        consumer("one", "a/+", "a/b"),
        consumer("two", "a/b", broker="mqtt://other"),
        consumer("three", "c", "a/#", broker="mqtt://localhost"),
    )
    found = [(e.service.name, e.index, [(o.service.name, o.index) for o in others]) for e, others in earlier(services)]
    assert found == [
        ("one", 0, []),
        ("one", 1, []),
        ("two", 0, []),
        ("three", 0, []),
        ("three", 1, [("one", 0), ("one", 1)]),
    ]


def test_services_meet_on_any_name_of_their_brokers() -> None:
    """An alias that the host knows is the broker's, too, and who shares a name with two brokers meets both."""
    services = (
        consumer("one", "a", broker="mqtt://192.0.2.9"),
        consumer("two", "a", broker="mqtt://192.0.2.8"),
        consumer("three", "a", broker="mqtt://broker"),
    )
    known = Known(listed=(("192.0.2.9", ("broker",)), ("192.0.2.8", ("broker",))))
    found = [sorted(o.service.name for o in others) for _, others in earlier(services, known)]
    assert found == [[], [], ["one", "two"]]


def test_a_filter_of_very_many_levels_is_no_burden() -> None:
    """A topic may have 30,000 levels; nothing recurses over them."""
    deep = "/".join(["+"] * 30_000)
    index = TopicIndex()
    index.add(deep, Entry(service(), 0, None))
    assert [0] == [e.index for e in index.overlapping(deep)]
