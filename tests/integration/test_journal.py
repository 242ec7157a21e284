"""The journal's file: bounded, private, whole lines, and never in the way of who writes to it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from procman.adapters.state import State
from procman.core.events import parsed
from procman.runtime.journal import LARGEST, LONGEST, Journal
from procman.workflow.history import recorded

WRITER = """
import sys
from procman.runtime.journal import Journal
journal = Journal(sys.argv[1])
for number in range(int(sys.argv[2])):
    journal.note("tick", f"{sys.argv[3]}-0", number=number, filling="x" * 300)
"""


def lines(folder: Path) -> list[str]:
    """Return every line of the journal in `folder`, the older file first."""
    names = [name for name in ("events.log.1", "events.log") if (folder / name).exists()]
    return [line for name in names for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def test_an_event_is_one_line_of_a_private_file(tmp_path: Path) -> None:
    """Time, name, unit and facts are there; what is None is not; only the owner may read it."""
    Journal(str(tmp_path), clock=lambda: 12.3456).note("exit", "api-0", code=1, signal=None)
    assert lines(tmp_path) == ['{"at":12.346,"event":"exit","unit":"api-0","code":1}']
    assert (tmp_path / "events.log").stat().st_mode & 0o777 == 0o600


def test_a_long_history_takes_no_more_room(tmp_path: Path) -> None:
    """However much is noted, two files of half a MiB hold the newest of it."""
    journal = Journal(str(tmp_path))
    for number in range(20_000):
        journal.note("tick", "api-0", number=number, filling="x" * 100)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["events.log", "events.log.1"]
    assert all(p.stat().st_size <= LARGEST + LONGEST for p in tmp_path.iterdir())
    numbers = [event.whole("number") for event in parsed(lines(tmp_path))]
    assert numbers == list(range(20_000 - len(numbers), 20_000))
    assert len(numbers) > LARGEST // 200


def test_writers_at_once_lose_nothing_and_tear_nothing(tmp_path: Path) -> None:
    """Four processes that write while the file is put aside leave every line whole."""
    command = [sys.executable, "-c", WRITER, str(tmp_path), "600"]
    writers = [subprocess.Popen([*command, name], stdin=subprocess.DEVNULL) for name in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    found = [(event.service, event.whole("number")) for event in parsed(lines(tmp_path))]
    assert len(lines(tmp_path)) == len(found) == 2400
    assert {(name, number) for name in "abcd" for number in range(600)} == set(found)


def test_what_is_too_long_loses_its_facts(tmp_path: Path) -> None:
    """A line has an end, whatever somebody wants to note."""
    Journal(str(tmp_path), clock=lambda: 1.0).note("held", "api-0", reason="x" * LONGEST)
    assert lines(tmp_path) == ['{"at":1.0,"event":"held","unit":"api-0","cut":true}']


def test_a_journal_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    """A pipe, a link, no folder, a fact that is none: one line in the log each, and nothing raised."""
    said: list[str] = []
    os.mkfifo(tmp_path / "events.log")
    journal = Journal(str(tmp_path), said.append)
    journal.note("start")
    journal.note("start")
    assert len(said) == 1
    assert "cannot write" in said[0]
    (tmp_path / "events.log").unlink()
    journal.note("start")
    assert len(lines(tmp_path)) == 1
    (tmp_path / "events.log").unlink()
    (tmp_path / "events.log").symlink_to("/dev/full")
    journal.note("start")
    Journal(str(tmp_path / "gone"), said.append).note("start")
    Journal(str(tmp_path), said.append).note("start", reason=object())
    assert len(said) == 4


def test_a_torn_line_costs_itself_only(tmp_path: Path) -> None:
    """After a disk was full in the middle of a line, what is written behind it is read."""
    journal = Journal(str(tmp_path), clock=lambda: 5.0)
    journal.note("start", "api-0")
    with (tmp_path / "events.log").open("a", encoding="utf-8") as file:
        file.write('{"at":5.5,"event":"run')
    journal.note("running", "api-0", pid=7)
    assert [(e.event, e.whole("pid")) for e in recorded(State(str(tmp_path)))] == [("start", None), ("running", 7)]
