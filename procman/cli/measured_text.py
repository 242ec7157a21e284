"""What was measured, as text, Markdown and JSON. Layout only; every figure comes from the rows."""

from __future__ import annotations

from procman.cli.console import paint, table
from procman.core.measured import MARGIN_PERCENT, Flag, Measurement
from procman.core.plan import Plan
from procman.core.quantity import format_size, short_size

FEW = 60
"""Looks in the first five minutes."""

STYLES = {Flag.NEAR: "red", Flag.WASTEFUL: "yellow", Flag.NONE: "yellow", Flag.GOOD: "green", None: "dim"}


def measured_lines(rows: tuple[Measurement, ...], after: Plan | None) -> list[str]:
    """Return a table of limits and measurements, the margin, and what all proposals together come to."""
    head = ("service", "limit", "usual", "peak", "of limit", "proposal", "")
    lines = table([head, *map(_cells, rows)], right=(1, 2, 3, 4, 5))
    painted = [paint(line, STYLES[row.flag]) for line, row in zip(lines[1:], rows, strict=True)]
    return [
        "  measured since it was added: whole process trees, every 5 seconds or more",
        lines[0],
        *painted,
        f"  proposal: highest peak + {MARGIN_PERCENT} %, in steps of 10M, for flagged limits only",
        *_after(after),
        *_caution(rows),
    ]


def measured_json(rows: tuple[Measurement, ...], after: Plan | None) -> dict[str, object]:
    """Return the documented keys of what was measured. Sizes in bytes."""
    return {
        "margin_percent": MARGIN_PERCENT,
        "measured": [
            {
                "service": row.service,
                "limit_bytes": row.limit,
                "usual_bytes": row.usual,
                "peak_bytes": row.peak,
                "samples": row.samples,
                "flag": row.flag.value if row.flag else None,
                "proposal_bytes": row.proposal,
            }
            for row in rows
        ],
        "proposed": None
        if after is None
        else {"required_bytes": after.required, "fits": after.fits, "verdict": after.verdict.value},
    }


def _after(after: Plan | None) -> list[str]:
    if after is None:
        return ["  every limit that was measured is good"]
    fits = "fits" if after.fits else "does not fit"
    sums = f"{format_size(after.required)} of {format_size(after.budget.usable)}"
    return [f"  all proposals: {sums}, {fits}, {after.verdict}; --write takes them"]


def _caution(rows: tuple[Measurement, ...]) -> list[str]:
    looks = max((row.samples for row in rows), default=0)
    return [f"  only {looks} looks so far: let it carry its usual load before you trust them"] if looks < FEW else []


def _cells(row: Measurement) -> tuple[str, ...]:
    share = f"{row.peak * 100 // row.limit} %" if row.peak is not None and row.limit else "-"
    return (
        row.service,
        short_size(row.limit) if row.limit else "none",
        "-" if row.usual is None else format_size(row.usual),
        "-" if row.peak is None else format_size(row.peak),
        share,
        "keep" if row.flag is Flag.GOOD else short_size(row.proposal) if row.proposal else "-",
        row.flag.value if row.flag else "not measured yet",
    )
