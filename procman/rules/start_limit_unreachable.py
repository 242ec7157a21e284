"""A start limit can never be reached.

## What it checks
`restart: {max, within, delay}`: whether more than `max` failures can fall within `within` at all. The first restart is
immediate; each further one waits `delay`.

## Why it matters
The limit is there so that a service that cannot work ends in 'failed', where somebody sees it. One that cannot be
reached lets it crash for ever.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, restart: {max: 10, within: 30s, delay: 5s}}
```

## Instead
A window longer than `max` times `delay`: `restart: {max: 5, within: 60s, delay: 5s}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.manifest import Restart
from procman.core.quantity import format_time
from procman.rules.base import Context, Problem

CODE = "PM303"
NAME = "start-limit-unreachable"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "A service that cannot work is to end in 'failed', where somebody sees it; this one crashes for ever."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each restart policy that never gives up; a shared one once."""
    seen = set()
    for service in written(context.manifest):
        at = context.manifest.places.value("services", service.name, "restart")
        if unreachable(service.restart) and at not in seen:
            seen.add(at)
            policy = service.restart
            message = (
                f"'{service.name}' never fails {policy.max + 1} times within {format_time(policy.within)}: "
                f"with a delay of {format_time(policy.delay)} that takes {format_time(shortest(policy))} at least"
            )
            help_text = f"a window above {format_time(shortest(policy))}, a smaller `max`, or a shorter `delay`"
            yield Problem(at, message, help_text)


def unreachable(policy: Restart) -> bool:
    """Tell whether not even a service that ends at once can exceed `policy`."""
    return shortest(policy) >= policy.within


def shortest(policy: Restart) -> float:
    """Return the seconds from the first failure to the one too many, when each start fails at once."""
    return max(0, policy.max - 1) * policy.delay
