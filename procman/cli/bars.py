"""Bars of text for sizes: blocks where the stream is UTF-8, ASCII where it is not. Knows nothing of plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Marks:
    """One character for each part of a bar."""

    services: str
    over: str
    free: str
    reserve: str
    manager: str
    ellipsis: str


BLOCKS = Marks("█", "▚", "·", "▒", "▓", "…")
ASCII = Marks("#", "!", ".", "r", "m", "...")


def marks_for(stream: TextIO) -> Marks:
    """Return the marks that `stream` can carry."""
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "").replace("_", "")
    return BLOCKS if encoding == "utf8" else ASCII


def bar(parts: Sequence[tuple[int, str]], total: int, width: int) -> str:
    """Return `parts` (size, mark) as a bar of `width` characters for `total`; what is left over is blank.

    Borders are rounded, not widths, so that parts that fill the total fill the bar.
    """
    line, done = "", 0
    for size, mark in parts:
        done += size
        line += mark * (round(min(done, total) * width / max(1, total)) - len(line))
    return line.ljust(width)
