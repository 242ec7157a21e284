"""A restart policy hides a crash loop.

## What it checks
`restart` and `start.time` together: an instance that never stays up for `start.time` must exceed `max` within `within`.

## Why it matters
An instance that ends before it counts as started has never worked. When its failures are too far apart to add up, it
is started for ever, and looks as if it were about to come up.

## Example
```yaml
services:
  api:
    kind: scalable
    command: node src/index.js
    memory: 400M
    start: {time: 20s}
    restart: {max: 5, within: 60s}
```

## Instead
A window that holds `max` starts and delays: `restart: {max: 5, within: 3m}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.manifest import Service
from procman.core.quantity import format_time
from procman.rules.base import Context, Problem
from procman.rules.start_limit_unreachable import shortest, unreachable

CODE = "PM306"
NAME = "crash-loop-hidden"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "An instance that never comes up is started for ever, and looks as if it were about to."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service that may end before it counts as started, for ever; a shared policy once."""
    places, seen = context.manifest.places, set()
    for service in written(context.manifest):
        at = places.value("services", service.name, "restart")
        if at == places.value("services", service.name):
            at = places.value("services", service.name, "start")
        takes = _loop(service)
        if takes < service.restart.within or unreachable(service.restart) or at in seen:
            continue
        seen.add(at)
        message = (
            f"'{service.name}' may end before its start time of {format_time(service.start.time)} for ever: "
            f"{service.restart.max + 1} such failures take {format_time(takes)}, "
            f"counted are {format_time(service.restart.within)}"
        )
        yield Problem(at, message, f"`within` above {format_time(takes)}, a smaller `max`, or a shorter `start.time`")


def _loop(service: Service) -> float:
    """Return the seconds from the first failure to the one too many, when each start fails at the last moment."""
    return service.restart.max * service.start.time + shortest(service.restart)
