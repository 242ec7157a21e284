"""A line that one process writes. Plain text with ``*``: a regular expression might search for ever, in the manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procman.runtime.probe import Settled

if TYPE_CHECKING:
    from procman.runtime.border import Around
    from procman.runtime.probe import Subject
    from procman.runtime.tap import Tap

_LINE_BYTES = 16 << 10
"""So much of a line that has not ended is kept."""


class Line(Settled):
    """A line of its output contains a text since its start; ``*`` stands for anything in between."""

    def __init__(self, pattern: str, around: Around) -> None:
        self.awaits = f"no line with '{pattern}' in its log"
        self._parts = [part.encode("utf-8", "surrogateescape") for part in pattern.split("*") if part]
        self._around = around
        self._rest = b""
        self._seen = False
        self._tap: Tap | None = None

    def begin(self, subject: Subject) -> None:
        """Hear what it writes from now on."""
        self._tap = subject.tap(self._around("a line of a log", self._hear))

    def look(self, _subject: Subject) -> bool:
        """Tell whether the line has come."""
        return self._seen

    def end(self) -> None:
        """Hear nothing more."""
        if self._tap is not None:
            self._tap.end()
            self._tap = None

    def _hear(self, piece: bytes) -> None:
        if not self._seen:
            *lines, rest = (self._rest + piece).split(b"\n")
            self._rest = rest[-_LINE_BYTES:]
            self._seen = any(map(self._is_it, (*lines, rest)))

    def _is_it(self, line: bytes) -> bool:
        at = 0
        for part in self._parts:
            at = line.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return True
