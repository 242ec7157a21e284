"""What the terminal takes: colour or none, and text that is safe to print. Knows nothing of what is said."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


def colour(stream: TextIO) -> bool:
    """Tell whether `stream` should be coloured: a terminal, and nobody has said no."""
    return (
        stream.isatty()
        and not os.environ.get("NO_COLOR")
        and not os.environ.get("CI")
        and os.environ.get("TERM") != "dumb"
    )


def paint(text: str, style: str, *, stream: TextIO | None = None) -> str:
    """Return `text` in `style` when `stream` (stdout by default) takes colour."""
    if style and colour(stream or sys.stdout):
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"
    return text


def talk(words: str) -> None:
    """Say `words` on stderr, at once. When nobody reads there any more, work goes on unheard, not half done."""
    try:
        print(words, file=sys.stderr, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def table(rows: Sequence[tuple[str, ...]], right: tuple[int, ...] = (), indent: str = "  ") -> list[str]:
    """Return `rows` as lines with aligned columns; those in `right` are aligned right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines


def columns() -> int | None:
    """Return the width of the terminal on stdout (COLUMNS first); None where there is none, which takes any line."""
    if not sys.stdout.isatty():
        return None
    said = os.environ.get("COLUMNS", "")
    try:
        return (
            int(said) if said.isdecimal() and int(said) else os.get_terminal_size(sys.stdout.fileno()).columns or None
        )
    except OSError:
        return None


def fitting(rows: Sequence[tuple[str, ...]], right: tuple[int, ...], spare: int) -> list[str]:
    """Return `rows` as `table` does, without the column `spare` where they are wider than the terminal."""
    lines, width = table(rows, right), columns()
    if width is None or max(map(len, lines)) <= width:
        return lines
    fewer = [(*row[:spare], *row[spare + 1 :]) for row in rows]
    return table(fewer, tuple(i - (i > spare) for i in right))
