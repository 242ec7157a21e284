"""The figures of the attacks as a table, and that table between its markers in docs/guarantees.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.chaos.arena import Tally

PAGE = Path(__file__).parents[2] / "docs" / "guarantees.md"
BEGIN, END = "<!-- chaos: begin -->", "<!-- chaos: end -->"
HEAD = (
    "| attack | rounds | kills | acquisitions | overlaps | live again, median | max | overlaps without the lock |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One attack: with the lock, and the negative control without."""

    title: str
    with_lock: Tally
    without: Tally | None

    def __str__(self) -> str:
        """Return the row of the table."""
        t = self.with_lock
        times = f"{_time(t.median())} | {_time(max(t.seconds, default=None))}"
        if self.without is None:
            return (
                f"| {self.title} | {t.rounds:,} | {t.kills:,} | {t.acquisitions:,} | **{t.overlaps}** | {times} | - |"
            )
        control = f"{self.without.overlaps} in {self.without.acquisitions + self.without.overlaps} starts"
        counts = f"{t.rounds:,} | {t.kills:,} | {t.acquisitions:,} | **{t.overlaps}**"
        return f"| {self.title} | {counts} | {times} | {control} |"


def write(lines: list[str], page: Path = PAGE) -> None:
    """Put `lines` between the markers of the page."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text("\n".join([before + BEGIN, *lines, END + after]), encoding="utf-8")


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
