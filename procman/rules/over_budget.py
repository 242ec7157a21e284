"""The plan needs more memory than the budget has.

## What it checks
The sum of all limits (instances x memory) against the usable RAM: the machine's, less the reserve, less the manager.

## Why it matters
When the limits add up to more than the machine can give, the kernel ends a process of its own choice, often the
consumer.

## Example
```yaml
budget: {ram: 2G}
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, instances: 4}
```

## Instead
Fewer instances, lower limits, or a larger machine. `procman plan --ram 2G` shows what fits. `procman up --force`
starts a plan that is over budget but within the machine's RAM.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.budget import Verdict
from procman.core.diagnostics import Severity
from procman.core.plan import Plan
from procman.core.quantity import format_size
from procman.rules.base import Context, Problem

CODE = "PM101"
NAME = "over-budget"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "When limits add up to more than the machine can give, the kernel ends a process of its own choice."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem when the plan does not fit; `force` accepts one that is within the machine's RAM."""
    plan = context.plan
    if plan is None or plan.fits or (context.force and plan.verdict is Verdict.OVER_BUDGET):
        return
    where = ("profiles", plan.profile) if plan.profile else ("services",)
    over = format_size(plan.required - plan.budget.usable)
    message = (
        f"the plan needs {format_size(plan.required)}, {over} more than the "
        f"{format_size(plan.budget.usable)} that {format_size(plan.budget.machine.ram)} of RAM leave for services"
    )
    yield Problem(context.manifest.places.key(*where), message, _help(context, plan))


def _help(context: Context, plan: Plan) -> str:
    """Return each change that makes the plan fit, fewest edits first, or what else there is to do."""
    from procman.core.suggest import suggestions  # noqa: PLC0415 - most plans fit

    found = suggestions(plan, context.manifest.budget)
    if not found:
        return "lower the memory limits, run fewer instances, or take a machine with more RAM"
    return "; or ".join(map(str, found))
