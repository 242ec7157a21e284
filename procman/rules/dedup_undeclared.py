"""A consumer declares no unique key.

## What it checks
`consumes` without `dedup`.

## Why it matters
Locks and sessions give one consumer; they do not give one row. After a crash between commit and acknowledgement the
broker sends the message again, as it must: 40 duplicate rows of 10,000 messages over 15 kills without a key, none with
one.

## Example
```yaml
services:
  mqtt: {kind: singleton, command: a, memory: 90M, consumes: {broker: "mqtt://h", topics: [a/b], client_id: a}}
```

## Instead
A unique key over columns that come with the message, an upsert on it, and a word of it here:
`dedup: {database: run/tiwater.db, table: readings, key: [timestamp, device]}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM404"
NAME = "dedup-undeclared"
SEVERITY = Severity.HINT
SINCE = "0.1.0"
WHY = "After a crash the broker sends a message again: only a unique key makes one row of it."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each consumer without a key; one that cannot be read is told already."""
    places = context.manifest.places
    for service in written(context.manifest):
        declared = ("services", service.name, "consumes", "dedup") in places.keys
        if service.consumes is not None and not declared:
            at = places.key("services", service.name, "consumes")
            help_text = "declare the unique key it writes by: `dedup: {database: .., table: .., key: [..]}`"
            message = f"'{service.name}' declares no key that makes one row of a message that comes twice"
            yield Problem(at, message, help_text)
