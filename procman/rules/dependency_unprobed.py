"""A service waits for another to be ready, which is not known of that one.

## What it checks
`depends_on: {NAME: ready}` where NAME has neither `listen` nor `ready`.

## Why it matters
Without an address or a probe a service counts as ready once it has stayed up for `start.time`. The order then holds by
luck: what depends on it may start before it can serve.

## Example
```yaml
services:
  cache: {kind: scalable, command: redis-server, memory: 100M}
  api: {kind: scalable, command: node src/index.js, memory: 400M, depends_on: {cache: ready}}
```

## Instead
Say how it is seen to be ready (`listen`, or `ready`), or write `started`, which is what it comes to.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Severity
from procman.core.lifecycle import Until
from procman.rules.base import Context, Problem

CODE = "PM316"
NAME = "dependency-unprobed"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "Without a probe it counts as ready once it has stayed up: what depends on it may start too early."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each wait for the readiness of a service that has no way to show it."""
    manifest = context.manifest
    for service in manifest.services:
        for name, until in service.depends_on:
            other = manifest.service(name)
            if other is None or until is not Until.READY or other.oneshot:
                continue
            if other.listen is None and other.ready is None:
                at = manifest.places.value("services", service.name, "depends_on", name)
                message = f"'{service.name}' waits for '{name}' to be ready, and '{name}' has no probe"
                yield Problem(at, message, f"a probe for '{name}', or `started`")
