"""Values: what the standard's frozen, slotted dataclasses promise, without what they cost at import."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.values import dataclass, field, replace


@dataclass(frozen=True, slots=True, order=True)
class Ours:
    """A value."""

    a: int
    b: str = "x"
    c: tuple[int, ...] = field(default_factory=tuple, compare=False, repr=False)


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Theirs:
    """The same by the standard."""

    a: int
    b: str = "x"
    c: tuple[int, ...] = dataclasses.field(default_factory=tuple, compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Plain:
    """A value that is compared by what it is, not by what it holds."""

    a: int


ARGUMENTS = st.tuples(st.integers(0, 3), st.sampled_from("xy"), st.lists(st.integers(0, 2), max_size=2).map(tuple))


@given(ARGUMENTS, ARGUMENTS)
def test_values_compare_hash_and_read_as_the_standard_has_it(one: tuple, two: tuple) -> None:  # type: ignore[type-arg]
    """Equality, order, hash and repr agree with the standard's, for every pair."""
    ours, theirs = (Ours(*one), Ours(*two)), (Theirs(*one), Theirs(*two))
    assert (theirs[0] == theirs[1], theirs[0] != theirs[1]) == (ours[0] == ours[1], ours[0] != ours[1])
    assert (theirs[0] < theirs[1], theirs[0] <= theirs[1]) == (ours[0] < ours[1], ours[0] <= ours[1])
    assert (theirs[0] > theirs[1], theirs[0] >= theirs[1]) == (ours[0] > ours[1], ours[0] >= ours[1])
    assert hash(theirs[0]) == hash(ours[0])
    assert repr(theirs[0]).replace("Theirs", "Ours") == repr(ours[0])


def test_the_standard_functions_take_them_for_dataclasses() -> None:
    """`replace`, `fields`, `asdict` and `is_dataclass` work, so that no reader has to know where a class comes from."""
    assert Ours(2, "y", (1,)) == dataclasses.replace(Ours(1, "y", (1,)), a=2)
    assert Ours(2, "y", (1,)).c == replace(Ours(1, "y", (1,)), a=2).c
    assert [f.name for f in dataclasses.fields(Theirs)] == [f.name for f in dataclasses.fields(Ours)]
    assert {"a": 1, "b": "x", "c": (2,)} == dataclasses.asdict(Ours(1, c=(2,)))
    assert dataclasses.is_dataclass(Ours)


def test_they_are_frozen_and_have_slots() -> None:
    """Nothing is set, deleted or added after they are made."""
    value = Ours(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'a'"):
        value.a = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'a'"):
        del value.a
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.z = 2  # type: ignore[attr-defined]
    assert not hasattr(value, "__dict__")


def test_they_survive_copies_and_pickles() -> None:
    """A copy and what is read back are equal, fields that do not count included."""
    value = Ours(1, "y", (3,))
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 - our own
        assert (value, value.c) == (again, again.c)


def test_a_match_takes_them_apart_by_place() -> None:
    """Positional patterns follow the order of the fields."""
    match Ours(1, "y"):
        case Ours(number, word):
            assert (number, word) == (1, "y")


def test_wrong_arguments_are_a_type_error() -> None:
    """A missing, a doubled and an unknown argument are told as for any function, at the first call and later."""
    for _ in range(20):  # the first few are made in another way than the rest
        assert Ours(1, c=(2,)) == Ours(a=1)
        with pytest.raises(TypeError, match=r"Plain\.__init__\(\) missing 1 required positional argument: 'a'"):
            Plain()  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
            Ours(1, z=2)  # type: ignore[call-arg]


def test_without_eq_they_are_compared_by_identity() -> None:
    """Two equal fields make no equal values then."""
    assert Plain(1) != Plain(1)


def test_what_it_does_not_do_is_refused() -> None:
    """Inherited fields, no fields, and values that can change are for the standard's decorator."""
    with pytest.raises(TypeError, match="frozen"):
        dataclass(frozen=False, slots=True)
    with pytest.raises(TypeError, match="all of its own"):

        @dataclass(frozen=True, slots=True)
        class _More(Ours):  # type: ignore[misc, unused-ignore]
            d: int = 1

    with pytest.raises(TypeError, match="has fields"):

        @dataclass(frozen=True, slots=True)
        class _None:
            pass
