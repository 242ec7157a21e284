"""Too little RAM is kept for everything else.

## What it checks
`budget.reserve` on each size of machine that the manifest names (`budget.ram`, `ram` of a profile), and on this machine
unless `--offline`: at least 10 % of the RAM, no less than 256 MiB, no more than 1 GiB.

## Why it matters
The reserve is what the system, the broker, the database and the page cache live on. Without it the kernel swaps, then
ends a process of its own choice.

## Example
```yaml
budget: {ram: 2G, reserve: 64M}
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M}
```

## Instead
Leave `reserve` out (25 % of the RAM, at least 512 MiB), or write a larger one.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.budget import budget_for
from procman.core.diagnostics import Related, Severity
from procman.core.machine import named
from procman.core.manifest import BudgetRule
from procman.core.quantity import GIB, MIB, format_size, short_size
from procman.core.source import Span
from procman.rules.base import Context, Problem

CODE = "PM105"
NAME = "reserve-small"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The system, the broker and the database live on the reserve; without it the kernel ends a process."

LEAST, MOST = 256 * MIB, GIB
HELP = "leave `reserve` out (25% of the RAM, at least 512M), or write a larger one"


def check(context: Context) -> Iterator[Problem]:
    """Yield one problem, for the machine on which the declared reserve falls short the most."""
    rule = context.manifest.budget
    short = [row for row in _machines(context) if _reserve(rule, row[0]) < _wanted(row[0])]
    if not short or (rule.reserve_bytes is None and rule.reserve_share is None):
        return
    ram, named_at = max(short, key=lambda row: _wanted(row[0]) - _reserve(rule, row[0]))
    message = (
        f"the reserve of {format_size(_reserve(rule, ram))} is small for a machine with {short_size(ram)} of RAM: "
        f"less than {format_size(_wanted(ram))}"
    )
    related = (Related(named_at, "for this machine"),) if named_at else ()
    yield Problem(context.manifest.places.value("budget", "reserve"), message, HELP, related)


def _machines(context: Context) -> Iterator[tuple[int, Span | None]]:
    manifest = context.manifest
    if manifest.budget.ram is not None:
        yield manifest.budget.ram, manifest.places.value("budget", "ram")
    elif context.plan is not None:
        yield context.plan.budget.machine.ram, None
    for profile in manifest.profiles:
        if profile.ram is not None:
            yield profile.ram, manifest.places.value("profiles", profile.name, "ram")


def _reserve(rule: BudgetRule, ram: int) -> int:
    return budget_for(named(ram, "rule"), rule).reserve


def _wanted(ram: int) -> int:
    return min(max(LEAST, ram // 10), MOST)
