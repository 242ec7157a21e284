"""A broker on another host is reached without encryption.

## What it checks
`consumes.broker` with `mqtt`, `tcp` or `ws` and a host that is not this one (`localhost`, 127.0.0.0/8, `::1`).

## Why it matters
Everybody on the way reads the messages and the password, and can write messages of their own.

## Example
```yaml
services:
  mqtt:
    kind: singleton
    command: node src/mqtt-consumer.js
    memory: 90M
    consumes: {broker: "mqtt://broker.example.org", topics: [a/b], client_id: a}
```

## Instead
`mqtts://broker.example.org` (port 8883). In a network that is trusted as it is, suppress this with that as the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.broker_names import broker_names
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM408"
NAME = "broker-unencrypted"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "Everybody on the way reads the messages and the password, and can write messages of their own."

PLAIN = ("mqtt://", "tcp://", "ws://")


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each broker elsewhere that is spoken to in the clear. The message never holds the URL."""
    for service in written(context.manifest):
        if service.consumes is None or not service.consumes.broker.startswith(PLAIN):
            continue
        if any(name.startswith("localhost:") for name in broker_names(service.consumes.broker, context.known)):
            continue
        at = context.manifest.places.value("services", service.name, "consumes", "broker")
        message = f"'{service.name}' reaches a broker on another host without encryption"
        yield Problem(at, message, "use mqtts:// or wss://")
