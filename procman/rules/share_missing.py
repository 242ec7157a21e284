"""A scaled consumer has a unique key and no share group.

## What it checks
A scalable service with `consumes` and `dedup` that may have more than one instance, while not every topic is in a share
group (`share`, or `$share/GROUP/...`).

## Why it matters
With a verified unique key this is allowed, and each message still becomes one row. But every instance gets and stores
every message: three instances do the work of one three times, on the broker, on the network and in the database.

## Example
```yaml
services:
  mqtt:
    kind: scalable
    instances: 3
    memory: 100M
    command: node src/mqtt-consumer.js
    consumes: {broker: "mqtt://127.0.0.1", topics: [tiwater/+/data], client_id: tiwater,
      dedup: {database: run/t.db, table: readings, key: [timestamp, device]}}
```

## Instead
Give the consumer a group, `share: tiwater`: the broker then divides the messages among the instances.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import Asked
from procman.core.diagnostics import Severity
from procman.core.guards import COSTS, grouped
from procman.core.manifest import Instances, Kind
from procman.rules.base import Context, Problem

CODE = "PM411"
NAME = "share-missing"
SEVERITY = Severity.HINT
SINCE = "0.1.0"
WHY = "A unique key makes one row of what every instance stores; a share group lets only one of them store it."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each count above one of a consumer whose members all get everything."""
    asked = Asked(context.manifest)
    for service in asked.services:
        consumes = service.consumes
        if service.kind is not Kind.SCALABLE or consumes is None or consumes.dedup is None or grouped(consumes):
            continue
        for wanted, at, where in asked.counts(service):
            if wanted != Instances():
                message = f"consumer '{service.name}' may run more than once{where}, and {COSTS}"
                yield Problem(at, message, "declare a group that divides the messages: `share`")
