"""Names of lock files: any filter fits into one, and wider ones cover."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from procman.core.topics import filters_overlap
from procman.runtime.lockfiles import LONGEST_NAME, decode, encode, folder_of, widen
from procman.runtime.locks import by_scope

ANY = (
    st.binary(min_size=1, max_size=60)
    .filter(lambda b: b"\0" not in b)
    .map(lambda b: b.decode("utf-8", "surrogateescape"))
)
LEVEL = st.sampled_from(["a", "b", "ab", "$x", "+", "long" * 3, "é"])
FILTERS = st.builds(
    lambda levels, wild: "/".join([*levels, "#"] if wild else levels),
    st.lists(LEVEL, min_size=1, max_size=4),
    st.booleans(),
)


@given(ANY)
def test_a_name_leads_back_to_its_filter(text: str) -> None:
    """Any bytes, invalid UTF-8 too, make a plain file name that reads back."""
    name = encode(text)
    assert decode(name) == text
    assert "/" not in name
    assert not name.startswith(".")
    assert name.isascii()


@pytest.mark.parametrize("name", ["%zz", "%2", "%41", "%", "é", "a b", "%2f"])
def test_a_name_that_encode_never_makes_collides_with_all(name: str) -> None:
    """What is not understood is not taken for free."""
    assert decode(name) == "#"


@given(FILTERS, FILTERS, st.integers(6, 30))
@example("$x", "$x/#", 6)
@example("$" + "x" * (LONGEST_NAME - 4), "$" + "x" * (LONGEST_NAME - 4) + "/a", LONGEST_NAME)
def test_filters_that_overlap_still_do_when_widened(one: str, other: str, longest: int) -> None:
    """However short names must be, two consumers of one message find each other: same file, or overlapping filters."""
    wide, wider = widen(one, longest), widen(other, longest)
    assert len(encode(wide)) <= longest
    if filters_overlap(one, other):
        assert wide == wider or filters_overlap(wide, wider)


def test_short_filters_are_not_widened() -> None:
    """What fits keeps its name; what does not is cut at a level."""
    assert widen("tiwater/+/data") == "tiwater/+/data"
    assert widen("a/b/" + "x" * LONGEST_NAME) == "a/b/#"
    assert widen("x" * (LONGEST_NAME + 1)) == "#"


def test_scopes_are_single_folders() -> None:
    """No scope leaves the directory, however it is spelled."""
    assert folder_of("../../etc") == "%2E.%2F..%2Fetc"
    assert folder_of("localhost:1883") == "localhost%3A1883"
    assert len(folder_of("é" * 300)) <= LONGEST_NAME


def test_claims_are_grouped_by_scope_in_one_order() -> None:
    """Two that need the same scopes ask in the same order, and share groups do not count."""
    claims = ["b:1 x/y", "a:1 $share/g/x", "b:1 $share/g/x/y"]
    assert by_scope(claims) == [("a:1", {"x"}), ("b:1", {"x/y"})]
