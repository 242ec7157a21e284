"""When a machine is short of memory, and who goes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.pressure import (
    CALM_SECONDS,
    EFFECT_SECONDS,
    RESTORE,
    SHED,
    Candidate,
    Seen,
    Strain,
    choose,
    importance,
    judge,
    shortage,
)

GIB = 1 << 30


def seen(available: int, some: float = 0.0, full: float = 0.0, swapped: int = 0) -> Seen:
    """Return a machine of 100 GiB, with 10 of swap."""
    return Seen(100 * GIB, available * GIB, 10 * GIB, (10 - swapped) * GIB, some, full)


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (seen(4), "available of"),
        (seen(10), None),
        (seen(10, some=25), "stalled for memory 25 %"),
        (seen(10, full=12), "stalled"),
        (seen(10, swapped=6), "swap in use"),
        (seen(50, some=90, full=90, swapped=9), None),
        (Seen(0, 0), None),
    ],
)
def test_shortage_is_little_left_or_stalls_with_little_left(machine: Seen, words: str | None) -> None:
    """Stalls and swap count only while little is available: a busy disk is no shortage."""
    found = shortage(machine)
    assert (found is None) == (words is None)
    assert words is None or words in (found or "")


def test_steps_are_slow() -> None:
    """Three seconds of shortage, then ten for the effect; back after a minute with room."""
    strain, short, calm = Strain(), seen(4), seen(60)
    said = [judge(strain, short, float(now), None) for now in range(15)]
    assert [now for now, what in enumerate(said) if what == SHED] == [3, 3 + int(EFFECT_SECONDS)]
    back = [judge(strain, calm, 20.0 + now, 10 * GIB) for now in range(int(CALM_SECONDS) + 1)]
    assert [now for now, what in enumerate(back) if what == RESTORE] == [int(CALM_SECONDS)]
    assert judge(Strain(), calm, 1e6, None) is None


def test_nothing_comes_back_without_room_for_it() -> None:
    """What would make the machine short again stays down."""
    strain = Strain()
    assert {judge(strain, seen(20), float(now), 10 * GIB) for now in range(200)} == {None}


def test_the_least_important_goes_first() -> None:
    """Smallest weight, then largest, and of a service its last instance; singletons and minimums stay."""
    api = [Candidate(f"api-{i}", i, 2, 3, 1, singleton=False, size=500) for i in range(3)]
    web = [Candidate(f"web-{i}", i, 1, 2, 1, singleton=False, size=size) for i, size in enumerate((300, 200))]
    mqtt = Candidate("mqtt-0", 0, 1, 1, 1, singleton=True, size=900)
    assert choose([*api, *web, mqtt]) == "web-1"
    assert choose([*api, web[0]._replace(running=1), mqtt]) == "api-2"
    assert choose([mqtt]) is None


def test_the_kernels_order_is_that_of_weights() -> None:
    """The consumer last, then by weight."""
    order = [importance(1, singleton=True), importance(100, singleton=False), importance(1, singleton=False)]
    assert order == [0, 100, 300]


@given(
    st.lists(
        st.builds(
            Candidate,
            st.text(),
            st.integers(),
            st.integers(1, 9),
            st.integers(0, 5),
            st.integers(1, 5),
            st.booleans(),
            st.integers(0),
        )
    )
)
def test_a_singleton_and_a_minimum_are_never_given_up(candidates: list[Candidate]) -> None:
    """Whatever runs, what is chosen is scalable and more than its least."""
    unit = choose(candidates)
    assert unit is None or any(c.unit == unit and not c.singleton and c.running > c.least for c in candidates)
