"""A probe has no address to ask.

## What it checks
`ready` on a service without `listen` that asks nothing else: `notify`, `ipc`, `exec`, `log` and `tcp: HOST:PORT` need
none.

## Why it matters
`http` and `tcp: true` ask the service's address. Without one nothing is asked: the service counts as ready once it has
stayed up for `start.time`, whatever `ready` says.

## Example
```yaml
services:
  mqtt: {kind: singleton, command: node src/mqtt-consumer.js, memory: 300M, ready: {http: /health}}
```

## Instead
Add `listen`, or a kind that needs none; or remove `ready` and let `start.time` say how long it takes to come up.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM311"
NAME = "ready-without-listen"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "Without an address nothing is asked, and the service counts as ready once it has stayed up."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each probe without an address; an address that cannot be read is told already."""
    places = context.manifest.places
    for service in written(context.manifest):
        if (
            service.ready is not None
            and not service.ready.placeless
            and ("services", service.name, "listen") not in places.keys
        ):
            at = places.key("services", service.name, "ready")
            help_text = "add `listen`, or remove `ready`: `start.time` says how long it takes to come up"
            yield Problem(at, f"'{service.name}' has a probe and no address to ask", help_text)
