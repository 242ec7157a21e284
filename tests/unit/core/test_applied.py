"""The record of the last applied plan."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procman.core.applied import Applied, AppliedService, from_json, to_json
from tests.support.values import HOSTILE, NAMES

FEW = settings(max_examples=40)
PAIRS = st.lists(st.tuples(NAMES, HOSTILE), max_size=3).map(tuple)
RECORDS = st.builds(
    Applied,
    project=NAMES,
    path=HOSTILE,
    text=HOSTILE,
    variables=PAIRS,
    env_files=st.lists(st.tuples(HOSTILE, PAIRS), max_size=2).map(tuple),
    profile=st.none() | NAMES,
    scaled=st.lists(st.tuples(NAMES, st.integers(1, 256)), max_size=2).map(tuple),
    stopped=st.lists(NAMES, max_size=2).map(tuple),
    services=st.lists(
        st.builds(
            AppliedService, NAMES, NAMES, st.integers(0, 256), st.none() | st.integers(0, 1 << 46), st.booleans()
        ),
        max_size=3,
    ).map(tuple),
    required=st.integers(0, 1 << 50),
    usable=st.integers(0, 1 << 50),
    forced=st.booleans(),
    down=st.booleans(),
)
RECORD = Applied(
    project="tiwater",
    path="/srv/procman.yaml",
    text="version: 1\n",
    variables=(("PORT", "3000"),),
    env_files=((".env", (("TOKEN", "x"),)),),
    profile="stable",
    scaled=(("api", 3),),
    stopped=("api-0",),
    services=(AppliedService("api", "scalable", 3, 400, True),),
    required=1200,
    usable=1504,
    forced=True,
)


@FEW
@given(RECORDS)
def test_record_reads_back(record: Applied) -> None:
    """Every record is read back as the same value, whatever texts are in it."""
    assert record == from_json(to_json(record))


@pytest.mark.parametrize("key", ["schema_version", *(f.name for f in fields(Applied) if f.default is MISSING)])
def test_record_without_a_key_is_refused(key: str) -> None:
    """A record that lacks a key is not filled up with guesses."""
    raw = json.loads(to_json(RECORD))
    del raw[key]
    with pytest.raises(ValueError, match=key):
        from_json(json.dumps(raw).encode())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema_version", 2),
        ("variables", 1),
        ("variables", [["A"]]),
        ("env_files", [["a", 1]]),
        ("scaled", [["api", None]]),
        ("scaled", [["api", "many"]]),
        ("stopped", None),
        ("services", [{"name": "api"}]),
        ("services", [1]),
        ("unheard_of", 1),
    ],
)
def test_record_of_another_shape_is_refused(key: str, value: object) -> None:
    """A later version, an unknown key and a value of another shape are refused."""
    with pytest.raises(ValueError, match=r"(it is not whole|another version|unpack|invalid literal)"):
        from_json(json.dumps({**json.loads(to_json(RECORD)), key: value}).encode())


@pytest.mark.parametrize(
    "data", [b"", b"{", b"null", b"[]", b"1", b'"x"', b"{}", b"\xff", b"[" * 100_000, b'{"schema_version":1}']
)
def test_what_is_no_record_is_a_value_error(data: bytes) -> None:
    """Other JSON, no JSON, other bytes and endless nesting are a ValueError and nothing else."""
    with pytest.raises(ValueError):  # noqa: PT011 - half of the messages are Python's
        from_json(data)


@FEW
@given(RECORDS, st.data())
def test_cut_off_record_is_refused(record: Applied, data: st.DataObject) -> None:
    """A record that was cut anywhere is a ValueError."""
    whole = to_json(record)
    with pytest.raises(ValueError):  # noqa: PT011 - half of the messages are Python's
        from_json(whole[: data.draw(st.integers(0, len(whole) - 1))])


def test_down_keeps_the_profile_and_forgets_the_rest() -> None:
    """After `down` the profile is remembered; overrides and stopped units are over."""
    ended = RECORD.ended()
    assert ("stable", (), (), True) == (ended.profile, ended.scaled, ended.stopped, ended.down)


def test_service_is_found_by_name() -> None:
    """A service is looked up by its name, and None says that there is none."""
    assert (RECORD.services[0], None) == (RECORD.service("api"), RECORD.service("web"))
