"""Topic filters, compared as MQTT does."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.topics import bare, broader, filters_overlap, split_share

LEVELS = st.sampled_from(["a", "b", "", "$x", "+"])
TOPICS = st.lists(st.sampled_from(["a", "b", "", "$x"]), min_size=1, max_size=4).map("/".join)
FILTERS = st.builds(
    lambda levels, wild: "/".join([*levels, "#"] if wild else levels),
    st.lists(LEVELS, min_size=1, max_size=4),
    st.booleans(),
)
# With one level more than a filter has, and with names that no filter has, these tell all filters apart.
EVERY_TOPIC = tuple("/".join(names) for depth in range(1, 5) for names in product(("a", "b", "", "$x"), repeat=depth))
SHORT = st.builds(
    lambda levels, wild: "/".join([*levels, "#"] if wild else levels), st.lists(LEVELS, max_size=3), st.booleans()
).filter(bool)


def matches(topic: str, pattern: str) -> bool:
    """Whether a broker delivers `topic` to a subscription to `pattern`: section 4.7 read word by word."""
    if topic.startswith("$") and pattern[0:1] in ("+", "#"):
        return False
    names, levels = topic.split("/"), pattern.split("/")
    for i, level in enumerate(levels):
        if level == "#":
            return True
        if i >= len(names) or level not in ("+", names[i]):
            return False
    return len(names) == len(levels)


@given(FILTERS, FILTERS, TOPICS)
def test_a_topic_of_both_filters_makes_them_overlap(one: str, other: str, topic: str) -> None:
    """No topic reaches two filters that are said to be disjoint."""
    if matches(topic, one) and matches(topic, other):
        assert filters_overlap(one, other)


@given(FILTERS, FILTERS)
def test_overlap_has_no_order(one: str, other: str) -> None:
    """Who came first does not change the answer, and everything overlaps itself."""
    assert filters_overlap(one, other) == filters_overlap(other, one)
    assert filters_overlap(one, one)


@given(SHORT, SHORT)
def test_filters_overlap_exactly_when_a_topic_reaches_both(one: str, other: str) -> None:
    """Every topic of a small alphabet is tried: no overlap is missed, and none is said that is not there."""
    expected = any(matches(topic, one) and matches(topic, other) for topic in EVERY_TOPIC)
    assert expected == filters_overlap(one, other)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("tiwater/+/data", "tiwater/T1/data", True),
        ("tiwater/+/data", "tiwater/#", True),
        ("tiwater/#", "tiwater", True),
        ("tiwater/+", "tiwater", False),
        ("#", "anything/at/all", True),
        ("#", "$SYS/broker/load", False),
        ("+/broker", "$SYS/broker", False),
        ("$SYS/#", "$SYS/broker/load", True),
        ("$SYS/+", "$SYS/broker", True),
        ("a//b", "a/+/b", True),
        ("a/b", "A/b", False),
        ("a/b", "a/b/", False),
        ("+", "/", False),
        ("+/+", "/", True),
    ],
)
def test_overlap_of_the_specifications_own_cases(one: str, other: str, overlap: bool) -> None:
    """`#` takes the parent level too, wildcards pass over `$` topics, and an empty level is a level."""
    assert overlap == filters_overlap(one, other)


@pytest.mark.parametrize("topic", ["a/+", "$share/g/a/+", "$queue/a/+", "$exclusive/a/+"])
def test_how_a_broker_shares_a_filter_out_is_no_part_of_it(topic: str) -> None:
    """A shared, a queue's and an exclusive subscription get what the bare filter gets."""
    assert bare(topic) == "a/+"


@given(FILTERS, TOPICS)
def test_broader_filters_cover(pattern: str, topic: str) -> None:
    """Each broader filter gets what the narrow one got, `$` topics under a bare `#` apart."""
    for cover in broader(pattern):
        if matches(topic, pattern) and not (cover == "#" and topic.startswith("$")):
            assert matches(topic, cover)


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("a/b/c", ["a/b/#", "a/#", "#"]),
        ("a", ["#"]),
        ("+/b", ["+/#", "#"]),
        ("a/#", ["a/#", "#"]),
        ("/", ["/#", "#"]),
    ],
)
def test_broader_filters_come_closest_first(topic: str, expected: list[str]) -> None:
    """One for each level that is cut off, down to the one that takes everything."""
    assert expected == broader(topic)


@pytest.mark.parametrize(
    ("topic", "parts"),
    [
        *(("a/b", (None, "a/b")), ("$share/g/a/+", ("g", "a/+")), ("$shared/a", (None, "$shared/a"))),
        *(("$share/g//b", ("g", "/b")), ("$share/g", ("g", "")), ("x/$share/g/a", (None, "x/$share/g/a"))),
    ],
)
def test_a_share_group_is_not_part_of_the_filter(topic: str, parts: tuple[str | None, str]) -> None:
    """`$share/GROUP/FILTER` is split; what only looks like it is not."""
    assert split_share(topic) == parts
