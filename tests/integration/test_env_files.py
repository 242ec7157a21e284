"""env_files, read from disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.adapters import env_files


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("# only a word\n\n", {}),
        ("A=1\nB=2", {"A": "1", "B": "2"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("export A=1", {"A": "1"}),
        ("A=", {"A": ""}),
        ("A = spaced ", {"A": "spaced"}),
        ("A=x # a word", {"A": "x"}),
        ("A=x#y", {"A": "x#y"}),
        ("A='x # y'", {"A": "x # y"}),
        ('A="two\\nlines"', {"A": "two\nlines"}),
        ("A='two\nlines'", {"A": "two\nlines"}),
        ("A='$HOME ${B}'\nB=$A", {"A": "$HOME ${B}", "B": "$A"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=b=c", {"A": "b=c"}),
        ("\ufeffA=ü", {"A": "ü"}),
    ],
)
def test_variables_are_read(text: str, values: dict[str, str], tmp_path: Path) -> None:
    """Quotes, comments, `export`, line ends of both kinds and a byte order mark; nothing is filled in."""
    (tmp_path / ".env").write_text(text, encoding="utf-8", newline="")
    assert {".env": (values, None)} == env_files.read([".env"], str(tmp_path))


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"A=1\nnonsense\n", "line 2 is not NAME=value"),
        (b"A=1\n\n'B\n", "line 3 is not NAME=value"),
        (b"A=1\n\n# x\n\nB\n", "line 5 is not NAME=value"),
        (b"A='open\n", "line 1 is not NAME=value"),
        (b"A=1\nB='\0'\n", "line 2 is not NAME=value"),
        (b"A=1\n'B=C'=x\n", "line 2 is not NAME=value"),
        (b"A=1\n'B\0'=x\n", "line 2 is not NAME=value"),
        (b"A=\xff", "is not UTF-8 text"),
        (b"A=" + b"x" * env_files.MAX_BYTES, "is larger than 1 MiB"),
    ],
)
def test_fault_is_said_without_a_value(data: bytes, fault: str, tmp_path: Path) -> None:
    """The first line that is no variable, other encodings and files without end are faults; no value is repeated."""
    (tmp_path / ".env").write_bytes(data)
    ((_, said),) = env_files.read([".env"], str(tmp_path)).values()
    assert fault == said


def test_missing_file_and_folder_are_faults(tmp_path: Path) -> None:
    """What cannot be opened is a fault with the system's reason."""
    (tmp_path / "folder").mkdir()
    assert {
        "gone": ({}, "cannot be read: No such file or directory"),
        "folder": ({}, "cannot be read: Is a directory"),
    } == env_files.read(["gone", "folder"], str(tmp_path))


def test_path_is_taken_from_the_manifests_folder(tmp_path: Path) -> None:
    """A relative name is looked up beside the manifest, an absolute one where it says."""
    (tmp_path / "a").write_text("A=1")
    absolute = str(tmp_path / "a")
    os.environ.pop("A", None)
    assert {"a": ({"A": "1"}, None), absolute: ({"A": "1"}, None)} == env_files.read(["a", absolute], str(tmp_path))
    assert "A" not in os.environ


@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.text("A='\"\\#\n $export", max_size=30))
def test_any_text_is_variables_that_a_process_can_have(text: str) -> None:
    """Whatever is in the file, what is read can be an environment, or there is a fault."""
    values, _ = env_files.parse(text)
    for name, value in values.items():
        assert name
        assert not {"=", "\0"} & set(name)
        assert "\0" not in value


def test_a_pipe_in_place_of_the_file_is_a_fault_and_no_wait(tmp_path: Path) -> None:
    """A FIFO that nobody writes to is refused at once: `validate` must never wait for ever."""
    os.mkfifo(tmp_path / ".env")
    assert env_files.read([".env"], str(tmp_path)) == {".env": ({}, "is not a regular file")}
