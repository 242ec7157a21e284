"""Two services use one MQTT client id on one broker.

## What it checks
Two services with `consumes` on one broker and the same `client_id`; of one that asks for several instances also the ids
of its members, `tiwater-1` and so on.

## Why it matters
A broker allows one connection per client id: each of the two is thrown out when the other connects, for ever, and
messages get lost in between.

## Example
```yaml
services:
  mqtt:  {kind: singleton, command: a, memory: 90M, consumes: {broker: "mqtt://h", topics: [a/b], client_id: one}}
  audit: {kind: singleton, command: b, memory: 90M, consumes: {broker: "mqtt://h", topics: [c/d], client_id: one}}
```

## Instead
Give each consumer a client id of its own, and keep it fixed.

This rule cannot be suppressed.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.broker_names import broker_names
from procman.core.diagnostics import Related, Severity
from procman.core.manifest import Kind, Service
from procman.rules.base import Context, Problem

CODE = "PM204"
NAME = "client-id-shared"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "A broker allows one connection per client id: the two throw each other out, and messages get lost."

MOST = 64
"""Members whose ids are compared; nobody has more."""

HELP = "give each consumer a fixed client id of its own"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service whose client id an earlier one uses on the same broker."""
    places = context.manifest.places
    used: dict[tuple[str, str], tuple[Service, str]] = {}
    for service in context.manifest.services:
        if service.consumes is None or not service.consumes.client_id:
            continue
        brokers = sorted(broker_names(service.consumes.broker, context.known))
        ids = [((broker, name), unit) for name, unit in _ids(service) for broker in brokers]
        users = [used.setdefault(place, (service, unit)) for place, unit in ids]
        first, unit = next((found for found in users if found[0] is not service), (service, ""))
        if first is not service:
            at = places.value("services", service.name, "consumes", "client_id")
            first_at = places.value("services", first.name, "consumes", "client_id")
            message = f"'{service.name}' uses the client id of '{unit}'"
            yield Problem(at, message, HELP, (Related(first_at, "used first here"),))


def _ids(service: Service) -> Iterator[tuple[str, str]]:
    """Yield each client id that `service` may use, with who uses it; `core.members` gives them to the members."""
    consumes = service.consumes
    if consumes is None or not consumes.client_id:
        return
    yield consumes.client_id, service.name
    if service.kind is Kind.SCALABLE:
        for number in range(1, min(service.instances.high or 1, MOST)):
            yield f"{consumes.client_id}-{number}", f"{service.name}-{number}"
