"""What a terminal takes: its width, and tables that fit it."""

import fcntl
import io
import os
import pty
import struct
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import click
import pytest

from procman.cli.console import columns, fitting
from procman.cli.events import lines_of
from procman.core.events import Event

ROWS = (("instance", "kind", "pid"), ("mqtt-consumer-0", "singleton (lock)", "17311"))


@contextmanager
def terminal(width: int) -> Iterator[None]:
    """Stdout is a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    with os.fdopen(theirs, "w") as stream, os.fdopen(ours), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        yield


def test_a_narrow_terminal_loses_the_spare_column(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that the terminal would break lose what can be missed; COLUMNS is believed first."""
    monkeypatch.delenv("COLUMNS", raising=False)
    with terminal(30):
        assert columns() == 30
        assert fitting(ROWS, (2,), 1) == ["  instance           pid", "  mqtt-consumer-0  17311"]
        monkeypatch.setenv("COLUMNS", "80")
        assert columns() == 80
        assert fitting(ROWS, (2,), 1)[1] == "  mqtt-consumer-0  singleton (lock)  17311"


def test_a_pipe_takes_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that reads the table finds every column, whatever COLUMNS says."""
    monkeypatch.setenv("COLUMNS", "10")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert columns() is None
    assert "singleton (lock)" in fitting(ROWS, (2,), 1)[1]


def test_an_event_is_one_line_but_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe gets an event a line; a terminal gets lines it need not break, indented under the first."""
    monkeypatch.delenv("COLUMNS", raising=False)
    event = Event(0.0, "failed", "api-0", {"reason": "4 failures within 60 s; last: exit status 3", "seconds": 300.0})
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    (whole,) = lines_of(event, 10)
    with terminal(80):
        parts = [click.unstyle(part) for part in lines_of(event, 10)]
    assert len(parts) == 2
    assert max(map(len, parts)) <= 80
    assert parts[1].startswith(" " * 23)
    assert " ".join(part.strip() for part in parts) == whole
    with terminal(50):
        assert [click.unstyle(part) for part in lines_of(event, 10)] == [whole]
