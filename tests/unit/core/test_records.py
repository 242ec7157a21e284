"""The form of spec files."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.records import HEADER, pack, unpack
from tests.support.values import NAMES

VALUES = st.binary(max_size=40).map(lambda data: data.replace(b"\0", b""))


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_records_of_any_bytes_read_back(rows: list[tuple[str, bytes]]) -> None:
    """Any bytes but NUL come back as they went in, with spaces, line ends and empty values."""
    read = unpack(pack([(name, os.fsdecode(value)) for name, value in rows]))
    assert rows == [(name, os.fsencode(value)) for name, value in read]


@pytest.mark.parametrize(
    "row", [("", "x"), ("a b", "x"), ("a\0", "x"), ("a", "x\0"), ("a", "\ud800"), ("\udc80", "x"), ("é", "x")]
)
def test_what_could_not_be_read_back_is_not_written(row: tuple[str, str]) -> None:
    """An empty or spaced name, another script in it, a NUL and what is no text are refused."""
    with pytest.raises(ValueError):  # noqa: PT011 - half of the messages are Python's
        pack([row])


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\0", HEADER, b"procman-spec 2\0", b"x" + HEADER + b"\0"),
        *(HEADER + b"\0a b", HEADER + b"\0ab\0", HEADER + b"\0\0", HEADER + b"\0\xff x\0"),
    ],
)
def test_what_is_no_record_file_is_refused(data: bytes) -> None:
    """Another header, an end without NUL, a record without a value and a name that is no ASCII are refused."""
    with pytest.raises(ValueError):  # noqa: PT011 - any of several messages
        unpack(data)
