"""All profiles of a plan side by side, in blocks of at most 80 columns. Layout only."""

from __future__ import annotations

from procman.cli.console import table
from procman.cli.plan_words import counted, recommendation, share
from procman.core.plan import Plan, ProfileRow
from procman.core.quantity import format_size, short_size

WIDTH = 80


def side_by_side(plan: Plan) -> list[str]:
    """Return one column per profile: counts and limits of each service, sum, share and verdict."""
    if not plan.profiles:
        return ["  the manifest has no profiles to compare"]
    lines: list[str] = []
    for block in _blocks(plan):
        lines += [*([""] if lines else []), *_table(plan, block)]
    return [*lines, "", f"  {recommendation(plan)}"]


def cells(row: ProfileRow, plan: Plan) -> list[str]:
    """Return the column of one profile."""
    words = str(row.verdict)
    return [
        row.name,
        short_size(row.ram) if row.ram else "-",
        *(counted(s) for s in row.services),
        format_size(row.required),
        share(row.required, plan),
        words,
        "recommended" if row.recommended else "",
    ]


def labels(plan: Plan) -> list[str]:
    """Return the names of the rows."""
    return ["", "made for", *(s.name for s in plan.services), "sum", "of usable", "verdict", ""]


def _table(plan: Plan, rows: tuple[ProfileRow, ...]) -> list[str]:
    columns = [labels(plan), *(cells(row, plan) for row in rows)]
    return [line for line in table(list(zip(*columns, strict=True))) if line.strip()]


def _blocks(plan: Plan) -> list[tuple[ProfileRow, ...]]:
    """Return the profiles in groups that fit the width, at least one in each."""
    blocks: list[tuple[ProfileRow, ...]] = [()]
    for row in plan.profiles:
        wider = (*blocks[-1], row)
        if blocks[-1] and max(map(len, _table(plan, wider))) > WIDTH:
            blocks.append((row,))
        else:
            blocks[-1] = wider
    return blocks
