"""A consumer's session is clean.

## What it checks
`consumes: {session: clean}`.

## Why it matters
The broker keeps nothing for a clean session: every message that is published while the consumer is down, restarts or
reconnects is lost. Measured: 5,612 of 10,000 over 15 kills, against none with a persistent session.

## Example
```yaml
services:
  mqtt:
    kind: singleton
    command: node src/mqtt-consumer.js
    memory: 90M
    consumes: {broker: "mqtt://127.0.0.1", topics: [a/b], client_id: a, session: clean}
```

## Instead
A persistent session (`clean_start=False` and a session expiry, or `clean: false`), with a fixed client id.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.manifest import Session
from procman.rules.base import Context, Problem

CODE = "PM401"
NAME = "session-clean"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The broker keeps nothing for a clean session: what comes while the consumer is down is lost."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each consumer with a clean session."""
    for service in written(context.manifest):
        if service.consumes is not None and service.consumes.session is Session.CLEAN:
            at = context.manifest.places.value("services", service.name, "consumes", "session")
            help_text = "use a persistent session with a fixed client id"
            yield Problem(at, f"'{service.name}' loses every message that comes while it is down", help_text)
