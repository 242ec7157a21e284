"""A consumer subscribes to everything.

## What it checks
A topic filter of wildcards alone that ends in `#`: `#`, `+/#`, `$share/GROUP/#`.

## Why it matters
The consumer gets what every other application on the broker publishes, today and later: dead letters at best, wrong
rows at worst, and a queue that fills up while it is down.

## Example
```yaml
services:
  mqtt: {kind: singleton, command: a, memory: 90M, consumes: {broker: "mqtt://h", topics: ["#"], client_id: a}}
```

## Instead
The topics that it understands: `tiwater/+/data`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.topics import bare
from procman.rules.base import Context, Problem

CODE = "PM405"
NAME = "topic-takes-all"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The consumer gets what every other application on the broker publishes, today and later."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each filter that names no level."""
    for service in written(context.manifest):
        for index, topic in enumerate(service.consumes.topics if service.consumes else ()):
            levels = bare(topic).split("/")
            if levels[-1] == "#" and set(levels) <= {"+", "#"}:
                at = context.manifest.places.value("services", service.name, "consumes", "topics", str(index))
                help_text = "subscribe to what it understands, such as tiwater/+/data"
                yield Problem(at, f"'{service.name}' consumes everything on the broker", help_text)
