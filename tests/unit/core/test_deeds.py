"""Which two singletons would handle the same messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.deeds import Deed, filters_of, read
from procman.core.topics import filters_overlap

NAMES = st.frozensets(st.sampled_from(["localhost:1883", "h:1883", "10.0.0.1:1883", "h:1884"]), max_size=3)
FILTERS = st.frozensets(st.sampled_from(["a", "a/+", "#", "$SYS/#", "b", "dé/\udcff"]), max_size=3)
PROGRAMS = st.frozensets(st.sampled_from(["00 /a on 1", "00 inode 7 on 1", "11 /a on 1"]), max_size=2)
TEXT = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=8)


def deed(
    state: str = "/s", service: str = "mqtt", number: int = 0, *, shares: bool = False, **held: frozenset[str]
) -> Deed:
    """A deed that holds these names, filters and programs."""
    made = Deed(state, service, f"{service}-{number}", shares=shares)
    made.names, made.filters, made.programs = (held.get(n, frozenset()) for n in ("names", "filters", "programs"))
    return made


ANY = st.builds(
    deed,
    st.sampled_from(["/s", "/t"]),
    st.sampled_from(["mqtt", "other"]),
    st.integers(0, 1),
    names=NAMES,
    filters=FILTERS,
    programs=PROGRAMS,
)


@given(ANY, ANY)
def test_who_comes_first_does_not_matter(one: Deed, other: Deed) -> None:
    """Two singletons exclude each other both ways round, or neither."""
    found = one.clash(other), other.clash(one)
    assert (found[0] is None) == (found[1] is None)
    assert len({clash.program for clash in found if clash}) < 2


@given(ANY, ANY)
def test_who_consumes_the_same_never_runs_beside(one: Deed, other: Deed) -> None:
    """A shared name and a message in common are enough, whatever else differs."""
    same = any(filters_overlap(a, b) for a in one.filters for b in other.filters)
    if same and one.names & other.names:
        assert one.clash(other)


@given(ANY, ANY)
def test_only_siblings_share(one: Deed, other: Deed) -> None:
    """What shares has the members of its own service beside it, and is otherwise as anybody else."""
    expected = one.clash(other)
    one.shares = True
    siblings = (one.state, one.service) == (other.state, other.service) and one.unit != other.unit
    assert (one.clash(other) is None) == (siblings or expected is None)


@pytest.mark.parametrize("declared", ["none", "one", "both"])
def test_a_program_decides_where_one_of_two_does_not_say_what_it_consumes(declared: str) -> None:
    """Where both do, their topics decide; and within one project its manifest does."""
    program = frozenset({"00 /srv/a.py on 1"})
    one = deed("/s", programs=program, filters=frozenset("a" if declared != "none" else ""))
    other = deed("/t", programs=program, filters=frozenset("b" if declared == "both" else ""))
    clash = one.clash(other)
    assert (clash and clash.words) == (None if declared == "both" else "the program /srv/a.py on 1")
    assert deed("/s", programs=program).clash(deed("/s", "twin", programs=program)) is None


def test_a_clash_names_what_is_held() -> None:
    """The other's filter, on the name that is known best."""
    one = deed(names=frozenset({"localhost:1883", "10.0.0.1:1883"}), filters=frozenset({"a/#"}))
    other = deed("/t", names=one.names, filters=frozenset({"a/b"}))
    clash = one.clash(other)
    assert clash
    assert (clash.words, clash.program) == ("'a/b' on localhost:1883", False)


@given(
    st.builds(
        deed, TEXT, TEXT, st.integers(0, 99), shares=st.booleans(), names=NAMES, filters=FILTERS, programs=PROGRAMS
    )
)
def test_a_deed_reads_back(made: Deed) -> None:
    """Whatever it holds, it says the same afterwards."""
    found = read(made.pack())
    slots = Deed.__slots__
    assert [getattr(made, slot) for slot in slots] == [getattr(found, slot) for slot in slots]


@given(st.binary(max_size=40) | st.just(b"procman-spec 1\0state /s\0"))
def test_what_is_no_deed_is_a_value_error(data: bytes) -> None:
    """Damaged, cut off or of something else: never an answer."""
    with pytest.raises(ValueError):  # noqa: PT011 - what is wrong does not matter
        read(data)


def test_claims_on_services_and_client_ids_are_no_filters() -> None:
    """Only what is on a broker is consumed; how a broker shares it out does not count."""
    claims = ["service p/mqtt", "member h:1883/id", "h:1883 $share/g/a", "h:1883 $queue/b"]
    assert filters_of(claims, frozenset({"service", "member"})) == {"a", "b"}
