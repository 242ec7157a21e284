"""Code frames: a line of source with carets under a place. Counts terminal columns, not characters; pure."""

from __future__ import annotations

from collections.abc import Iterable

from procman.core.source import Span
from procman.core.values import dataclass
from procman.core.words import visible

TAB = "    "
CUT = "…"
BEFORE = 24


@dataclass(frozen=True, slots=True)
class Frame:
    """A line as shown, and the marks below it; `line` is its number."""

    line: int
    text: str
    marks: str


def frame(line: str, span: Span, width: int, mark: str = "^") -> Frame:
    """Return `line`, where `span` begins, safe for a terminal and cut to `width` columns around the place."""
    line = line.rstrip()
    # What lies further away than the width is never shown, and a line may hold megabytes.
    skipped = max(0, min(span.column - 1, len(line)) - width)
    cells = [_cell(char) for char in line[skipped : skipped + 3 * width]]
    start = min(span.column - 1 - skipped, len(cells))
    end = span.end_column - 1 - skipped if span.end_line == span.line else len(cells)
    left, right = _window(cells, start, width)
    end = max(min(end, right), start + 1)
    head, tail = CUT if left or skipped else "", CUT if skipped + right < len(line) else ""
    text = head + "".join(shown for shown, _ in cells[left:right]) + tail
    blank = len(head) + sum(columns for _, columns in cells[left:start])
    marked = sum(columns for _, columns in cells[start:end])
    return Frame(span.line, text, " " * blank + mark * max(marked, 1))


def masked(lines: list[str], spans: Iterable[Span]) -> list[str]:
    """Return `lines` with a ``*`` for each character within `spans`, so that every column stays where it is."""
    shown = list(lines)
    for span in spans:
        for number in range(span.line, min(span.end_line, len(shown)) + 1):
            text = shown[number - 1]
            start = span.column - 1 if number == span.line else len(text) - len(text.lstrip())
            end = min(span.end_column - 1, len(text)) if number == span.end_line else len(text)
            shown[number - 1] = text[:start] + "*" * (end - start) + text[max(start, end) :]
    return shown


def _window(cells: list[tuple[str, int]], start: int, width: int) -> tuple[int, int]:
    """Return which cells fit into `width` columns so that the one at `start` is among them."""
    room = max(width - 2 * len(CUT), 2)
    if sum(columns for _, columns in cells) <= room:
        return 0, len(cells)
    left, before = start, 0
    while left > 0 and before + cells[left - 1][1] <= min(BEFORE, room // 2):
        left -= 1
        before += cells[left][1]
    right, used = left, 0
    while right < len(cells) and used + cells[right][1] <= room:
        used += cells[right][1]
        right += 1
    return left, right


def _cell(char: str) -> tuple[str, int]:
    """Return how `char` is shown, and in how many columns."""
    if char.isascii() and char.isprintable():
        return char, 1
    if char == "\t":
        return TAB, len(TAB)
    import unicodedata  # noqa: PLC0415 - only for text beyond ASCII

    if unicodedata.combining(char):
        return char, 0
    shown = visible(char)
    if shown != char:
        return shown, len(shown)
    return char, 2 if unicodedata.east_asian_width(char) in "WF" else 1
