"""Where a value stands in a text. Holds places only; reading text is the reader's job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procman.core.values import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

Path = tuple[str, ...]
"""A way into a document: keys and list indexes, such as ``("services", "api", "instances")``."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text: lines and columns count from 1, columns in characters, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


START = Span(1, 1, 1, 2)


MARK = "procman:"
"""What a comment that speaks to procman begins with."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment from its ``#`` to the end of the line."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Source:
    """A text with the name under which people know it."""

    name: str
    text: str

    def line(self, number: int) -> str:
        """Return line `number` (from 1) without its end, or an empty string past the end."""
        lines = self.text.splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""


@dataclass(frozen=True, slots=True)
class Places:
    """The place of every key and value of one document. `raw`: the text of those with variables, as written."""

    values: Mapping[Path, Span] = field(default_factory=dict)
    keys: Mapping[Path, Span] = field(default_factory=dict)
    raw: Mapping[Path, str] = field(default_factory=dict)

    def value(self, *path: str) -> Span:
        """Return the place of the value at `path`, or of the nearest thing around it that has one."""
        while path:
            span = self.values.get(path)
            if span is not None:
                return span
            span = self.keys.get(path[:-1])
            if span is not None:
                return span
            path = path[:-1]
        return START

    def key(self, *path: str) -> Span:
        """Return the place of the key that names `path`, or of the nearest one around it."""
        while path:
            span = self.keys.get(path)
            if span is not None:
                return span
            path = path[:-1]
        return START
