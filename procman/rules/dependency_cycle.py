"""Services wait for each other.

## What it checks
Whether the services of `depends_on` lead back to where they began.

## Why it matters
Each of them would wait for the next one for ever, and none would start.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, depends_on: {worker: started}}
  worker: {kind: scalable, command: node src/worker.js, memory: 200M, depends_on: {api: ready}}
```

## Instead
Remove the one that can do without: a service that tries again until the other one answers needs no order.
`depends_on: {worker: started}` of the API is enough here.

This rule cannot be suppressed.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.dependencies import cycle
from procman.core.diagnostics import Related, Severity
from procman.rules.base import Context, Problem

CODE = "PM207"
NAME = "dependency-cycle"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "Each of them waits for the next one for ever, and none starts."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each cycle, at its first service in the file."""
    manifest = context.manifest
    needs = {service.name: [name for name, _ in service.depends_on] for service in manifest.services}
    told: set[str] = set()
    for name in needs:
        way = cycle(name, needs)
        if not way or told & set(way):
            continue
        told |= set(way)
        steps = list(zip(way, (*way[1:], name), strict=True))
        places = [manifest.places.key("services", one, "depends_on", other) for one, other in steps]
        related = [Related(at, f"'{o}' waits for '{n}' here") for at, (o, n) in zip(places, steps, strict=True)]
        said = " waits for ".join(f"'{each}'" for each in (*way, name))
        yield Problem(places[0], said, "remove one of them from `depends_on`", tuple(related[1:]))
