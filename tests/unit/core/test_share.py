"""The rule that fills open counts, compared with every choice there is."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.share import Ask, shares

ASKS = st.lists(
    st.builds(
        lambda name, memory, low, more, weight: Ask(name, memory, low, low + more, weight),
        st.sampled_from("abcd"),
        st.integers(1, 12),
        st.integers(1, 3),
        st.integers(0, 4),
        st.integers(1, 3),
    ),
    max_size=4,
    unique_by=lambda ask: ask.name,
)


def feasible(asks: tuple[Ask, ...], room: int) -> list[dict[str, int]]:
    """Return every choice of counts that fits."""
    choices = product(*(range(ask.low, ask.high + 1) for ask in asks))
    found = [dict(zip((ask.name for ask in asks), choice, strict=True)) for choice in choices]
    return [c for c in found if sum((c[a.name] - a.low) * a.memory for a in asks) <= room]


def queue(asks: tuple[Ask, ...]) -> list[tuple[Fraction, int, str, int]]:
    """Return all instances that could be added, in the order in which the rule gives them out."""
    return sorted(
        (Fraction(number, ask.weight), ask.memory, ask.name, number)
        for ask in asks
        for number in range(ask.low, ask.high)
    )


@given(ASKS, st.integers(0, 60))
def test_no_choice_takes_an_earlier_instance_of_the_queue(asks: list[Ask], room: int) -> None:
    """The rule's counts are the greatest choice when instances are compared in the order of the queue."""
    order = queue(tuple(asks))

    def taken(counts: dict[str, int]) -> list[bool]:
        return [counts[name] > number for _, _, name, number in order]

    assert max(feasible(tuple(asks), room), key=taken) == shares(tuple(asks), room)


@given(ASKS, st.integers(0, 60))
def test_with_equal_weights_no_choice_is_fairer(asks: list[Ask], room: int) -> None:
    """No other choice has a worst-off service with more instances, then a second worst-off one, and so on."""
    equal = tuple(Ask(a.name, a.memory, a.low, a.high) for a in asks)
    assert max(sorted(c.values()) for c in feasible(equal, room)) == sorted(shares(equal, room).values())


@given(ASKS, st.integers(-20, 200), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_every_bound_holds(asks: list[Ask], room: int, random: object) -> None:
    """Shuffled services get the same counts, between their bounds, within the room or at the minimum."""
    counts = shares(tuple(asks), room)
    shuffled = list(asks)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert shares(tuple(shuffled), room) == counts
    assert all(ask.low <= counts[ask.name] <= ask.high for ask in asks)
    assert sum((counts[a.name] - a.low) * a.memory for a in asks) <= max(0, room)


@pytest.mark.parametrize(
    ("weights", "counts"),
    [((1, 1), {"a": 5, "b": 5}), ((1, 3), {"a": 3, "b": 7}), ((100, 1), {"a": 9, "b": 1})],
)
def test_weights_shift_the_shares(weights: tuple[int, int], counts: dict[str, int]) -> None:
    """Ten instances of equal size are split by weight, everyone keeping the minimum of one."""
    asks = tuple(Ask(name, 10, 1, 50, weight) for name, weight in zip("ab", weights, strict=True))
    assert counts == shares(asks, 80)


def test_nobody_asks() -> None:
    """Without an open count there is nothing to give out."""
    assert {} == shares((), 1000)
