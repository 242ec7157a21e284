"""A scalable service listens and does not say when it is ready.

## What it checks
`kind: scalable` with `listen` and without `ready`.

## Why it matters
An instance that accepts connections is not one that can answer: the database may not be connected, the cache not warm.
Requests go to it all the same, and a reload takes the next old instance away before the new one works.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, listen: "127.0.0.1:3000"}
```

## Instead
`ready: {http: /health}`: a path that answers with 200 to 399 once it can work.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.manifest import Kind
from procman.rules.base import Context, Problem

CODE = "PM301"
NAME = "ready-missing"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "An instance that accepts connections is not yet one that can answer them."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each scalable service that listens without `ready`; a faulty one is told already."""
    places = context.manifest.places
    for service in written(context.manifest):
        if service.kind is not Kind.SCALABLE or not service.places or service.ready is not None:
            continue
        if ("services", service.name, "ready") not in places.keys:
            at = places.value("services", service.name, "listen")
            message = f"'{service.name}' listens and does not say when it is ready"
            yield Problem(at, message, "add `ready: {http: /health}`, a path that answers once it can work")
