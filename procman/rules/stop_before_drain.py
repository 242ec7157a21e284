"""A service is killed while it still drains.

## What it checks
`stop.timeout` against the time the server itself takes for open requests: `uvicorn --timeout-graceful-shutdown`,
`gunicorn --graceful-timeout` (30 s when it does not say), `hypercorn --graceful-timeout`, `puma --shutdown-timeout`.
The timeout must be longer.

## Why it matters
At the timeout everything is killed, with the requests that had time left.

## Example
```yaml
services:
  api: {kind: scalable, command: "gunicorn api:app", memory: 400M}
```

## Instead
A stop timeout above the drain: `stop: {timeout: 35s}`, or a shorter drain: `gunicorn --graceful-timeout 8 api:app`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from procman.core.argv import Call, option
from procman.core.asked import written
from procman.core.diagnostics import Related, Severity
from procman.core.quantity import format_time
from procman.rules.base import Context, Problem

CODE = "PM302"
NAME = "stop-before-drain"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "At the timeout everything is killed, with the requests that had time left."

# program: (option that says how long it drains, seconds when it is left out)
DRAINS: dict[str, tuple[str, float | None]] = {
    "uvicorn": ("--timeout-graceful-shutdown", None),
    "gunicorn": ("--graceful-timeout", 30),
    "hypercorn": ("--graceful-timeout", 3),
    "puma": ("--shutdown-timeout", None),
}


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service whose server drains as long as its stop timeout, or longer."""
    places = context.manifest.places
    for service in written(context.manifest):
        drain, name = max(((_drain(call), call.name) for call in context.programs(service)), default=(0.0, ""))
        if drain < service.stop.timeout or not drain:
            continue
        command = places.value("services", service.name, "command")
        path = ("services", service.name, "stop", "timeout")
        at = places.value(*path) if path in places.values else command
        message = (
            f"'{service.name}' is killed after {format_time(service.stop.timeout)}, "
            f"and {name} takes up to {format_time(drain)} for open requests"
        )
        related = (Related(command, "drains here"),) if at != command else ()
        yield Problem(at, message, f"`stop: {{timeout: {drain + 5:.0f}s}}`, or a shorter drain", related)


def _drain(call: Call) -> float:
    name, usual = DRAINS.get(call.name, ("", None))
    value = option(call.args, name) if name else None
    if value is not None:
        return float(value) if re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]+)?", value) else 0.0
    return usual or 0.0
