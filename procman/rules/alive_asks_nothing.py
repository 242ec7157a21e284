"""A liveness probe asks nothing.

## What it checks
`alive` without `http`, `tcp`, `exec` and `notify`, and `http` or `tcp: true` on a service without `listen`.

## Why it matters
The service looks watched, and is not: when it hangs it stays as it is.

## Example
```yaml
services:
  mqtt: {kind: singleton, command: node src/mqtt-consumer.js, memory: 300M, alive: {interval: 30s}}
```

## Instead
`http` or `tcp` with `listen`; for what has no address `exec`, a command, or `notify: true` where it can say
`WATCHDOG=1` (sd_notify).
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM319"
NAME = "alive-asks-nothing"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The service looks watched, and is not: when it hangs it stays as it is."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each probe without a kind, or without the address that its kind asks."""
    places = context.manifest.places
    for service in written(context.manifest):
        alive = service.alive
        if alive is None or alive.placeless:
            continue
        at = places.key("services", service.name, "alive")
        if not alive.kinds:
            advice = "`http`, `tcp`, `exec` or `notify`"
            yield Problem(at, f"'{service.name}' has a liveness probe that asks nothing", advice)
        elif ("services", service.name, "listen") not in places.keys:
            yield Problem(at, f"'{service.name}' has a liveness probe and no address to ask", "`listen`, or `exec`")
