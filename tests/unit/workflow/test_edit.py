"""Values written into a manifest: one changes, everything else stays, or nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from procman.core.errors import Failed, WrongUse
from procman.core.quantity import MIB
from procman.workflow.edit import with_counts, with_limits

HEAD = "version: 1\nproject: a\n"
KIND = "kind: scalable, command: x"


def text(body: str) -> str:
    """Return a manifest; KIND stands for the keys that each service must have."""
    return HEAD + body.replace("KIND", KIND)


def manifest(folder: Path, body: str) -> str:
    """Write a manifest and return its path."""
    path = folder / "procman.yaml"
    path.write_text(text(body), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("profile", "body", "expected"),
    [
        (
            None,
            "services:\n  api: {KIND, memory: 400M} # mine\n",
            "services:\n  api: {KIND, memory: 50M} # mine\n",
        ),
        (
            None,
            "services:\n  api:\n    kind: scalable  # so\n    command: x\n",
            "services:\n  api:\n    kind: scalable  # so\n    memory: 50M\n    command: x\n",
        ),
        (
            None,
            "defaults: {memory: 9M}\nservices:\n  api: {KIND}\n  b: {KIND}\n",
            "defaults: {memory: 9M}\nservices:\n  api: {kind: scalable, memory: 50M, command: x}\n  b: {KIND}\n",
        ),
        (
            "p",
            "profiles: {p: {services: {api: {memory: 9M}}}}\nservices:\n  api: {KIND, memory: 8M}\n",
            "profiles: {p: {services: {api: {memory: 50M}}}}\nservices:\n  api: {KIND, memory: 8M}\n",
        ),
        (
            "p",
            "profiles: {p: {services: {api: {instances: 2}}}}\nservices:\n  api: {KIND, memory: 8M}\n",
            "profiles: {p: {services: {api: {instances: 2}}}}\nservices:\n  api: {KIND, memory: 50M}\n",
        ),
    ],
    ids=["replaced", "added", "not in defaults", "in the profile", "beside the profile"],
)
def test_a_limit_is_written_where_it_belongs(tmp_path: Path, profile: str | None, body: str, expected: str) -> None:
    """In the profile when that has one, else at the service, never in defaults that others share."""
    assert text(expected) == with_limits(manifest(tmp_path, body), profile, {"api": 50 * MIB}, {})


def test_a_variable_is_left_to_whoever_sets_it(tmp_path: Path) -> None:
    """A limit written as ``${NAME:-default}`` is not replaced by a number."""
    path = manifest(tmp_path, "services:\n  api: {KIND, memory: '${M:-9M}'}\n")
    with pytest.raises(Failed, match="cannot write api=50M"):
        with_limits(path, None, {"api": 50 * MIB}, {})


def test_two_edits_follow_each_other(tmp_path: Path) -> None:
    """The second finds its place in what the first has made of the text."""
    body = "services:\n  a: {KIND}\n  b: {KIND, instances: 9}\n"
    expected = body.replace("a: {KIND", "a: {kind: scalable, instances: 3, command: x").replace("9", "12")
    assert text(expected) == with_counts(manifest(tmp_path, body), {"a": 3, "b": 12}, {})


def test_an_unknown_service_is_wrong_use(tmp_path: Path) -> None:
    """What is not there cannot be edited."""
    path = manifest(tmp_path, "services:\n  a: {KIND}\n")
    with pytest.raises(WrongUse, match="there is no service 'b'"):
        with_counts(path, {"b": 1}, {})
