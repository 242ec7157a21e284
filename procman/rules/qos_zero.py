"""A consumer subscribes with quality of service 0.

## What it checks
`consumes: {qos: 0}`.

## Why it matters
At QoS 0 nothing is acknowledged: a message that is on its way when the connection or the consumer breaks is lost, and
the broker keeps none for a session that is away.

## Example
```yaml
services:
  mqtt:
    {kind: singleton, command: a, memory: 90M, consumes: {broker: "mqtt://h", topics: [a/b], client_id: a, qos: 0}}
```

## Instead
QoS 1, with an acknowledgement after the commit and a unique key for what comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM402"
NAME = "qos-zero"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "Nothing is acknowledged at QoS 0: what is on its way when something breaks is lost."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each consumer at QoS 0."""
    for service in written(context.manifest):
        if service.consumes is not None and service.consumes.qos == 0:
            at = context.manifest.places.value("services", service.name, "consumes", "qos")
            yield Problem(at, f"'{service.name}' consumes at most once", "subscribe with QoS 1")
