"""An open number of instances without a memory limit.

## What it checks
`instances: auto` or `{min, max}` of a scalable service that has no `memory`, in its own entry or in a profile.

## Why it matters
As many as fit cannot be known when nobody says how much one takes: the service stays at its minimum.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, instances: auto}
```

## Instead
Add `memory`, or write a number.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import Asked
from procman.core.diagnostics import Severity
from procman.core.manifest import Kind
from procman.rules.base import Context, Problem

CODE = "PM110"
NAME = "auto-without-memory"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "As many as fit cannot be known when nobody says how much one takes."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each open count that has no limit to be counted with."""
    manifest = context.manifest
    asked = Asked(manifest)
    for service in asked.services:
        unread = ("services", service.name, "memory") in manifest.places.keys and service.memory is None
        if service.kind is not Kind.SCALABLE or service.consumes is not None or unread:
            continue
        limited = {where for _, _, where in asked.limits(service)}
        for wanted, at, where in asked.counts(service):
            open_count = wanted.high is None or wanted.high > wanted.low
            if open_count and "" not in limited and where not in limited:
                message = f"'{service.name}' stays at {wanted.low} of as many as fit{where}: it has no memory limit"
                yield Problem(at, message, "add `memory: 400M` (per instance), or write a number")
