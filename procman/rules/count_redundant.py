"""A singleton says that it runs once.

## What it checks
A service of `kind: singleton` has `instances: 1` in its own entry, and `defaults` say nothing of `instances`.

## Why it matters
A singleton has exactly one instance, ever. A number beside it reads like something that may be raised, and the next
reader raises it.

## Example
```yaml
services:
  mqtt: {kind: singleton, command: node src/mqtt-consumer.js, memory: 300M, instances: 1}
```

## Instead
Leave `instances` out. `procman validate --fix` does.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Fix, Severity
from procman.core.manifest import Instances, Kind, Manifest
from procman.core.source import Span
from procman.rules.base import Context, Problem

CODE = "PM607"
NAME = "count-redundant"
SEVERITY = Severity.HINT
SINCE = "0.1.0"
WHY = "A singleton runs exactly once: a number beside it reads like something that may be raised."

HELP = "remove `instances: 1`"
SAFE = "one instance is what a singleton has without it"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each singleton whose own entry counts to one, with the edit that takes the count out."""
    manifest = context.manifest
    if ("defaults", "instances") in manifest.places.keys:
        return
    for service in manifest.services:
        if service.kind is Kind.SINGLETON and service.instances == Instances():
            entry = _own(manifest, service.name)
            if entry is not None:
                message = f"singleton '{service.name}' need not say that it has 1 instance"
                yield Problem(entry, message, HELP, fix=Fix(entry, "", SAFE, entry=True))


def _own(manifest: Manifest, name: str) -> Span | None:
    """Return the place of key and value of `instances` within the service's own entry, or None."""
    places, path = manifest.places, ("services", name, "instances")
    key, value, whole = places.keys.get(path), places.values.get(path), places.values.get(path[:2])
    if key is None or value is None or whole is None or places.raw.get(path):
        return None
    span = Span(key.line, key.column, value.end_line, value.end_column)
    inside = (whole.line, whole.column) <= (span.line, span.column) <= (whole.end_line, whole.end_column)
    return span if inside else None
