"""What a scaled consumer declares can never let it have company.

## What it checks
A scalable service with `consumes` that may have more than one instance, and a share group without a unique key
(`dedup`), or a `dedup.database` of a kind that `procman verify` cannot look into. It knows SQLite, PostgreSQL, MariaDB
and MySQL.

## Why it matters
A share group alone doubles: over 30 kills of two members, 31 of 10,000 messages were stored twice. So procman lets a
consumer have company only with a unique key that it has seen. Without, one instance is all that ever runs.

## Example
```yaml
services:
  mqtt:
    kind: scalable
    instances: 3
    memory: 100M
    command: node src/mqtt-consumer.js
    consumes: {broker: "mqtt://127.0.0.1", topics: [tiwater/+/data], client_id: tiwater, share: tiwater}
```

## Instead
Declare the unique key that the consumer upserts on, `dedup: {database: .., table: .., key: [..]}`; or say
`kind: singleton`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import Asked
from procman.core.diagnostics import Severity
from procman.core.guards import grouped
from procman.core.manifest import Consumes, Instances, Kind
from procman.rules.base import Context, Problem

CODE = "PM410"
NAME = "guard-incomplete"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "What the broker sends again after a kill is stored again: only a unique key makes one row of it."

KNOWN = ("sqlite", "postgresql", "postgres", "mysql", "mariadb")


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each count of a consumer that will always be held at one."""
    asked = Asked(context.manifest)
    for service in asked.services:
        fault = _fault(service.consumes) if service.consumes is not None else None
        if fault is None or service.kind is not Kind.SCALABLE:
            continue
        for wanted, at, where in asked.counts(service):
            if wanted != Instances():
                message = f"consumer '{service.name}' stays at one instance{where}: {fault[0]}"
                yield Problem(at, message, fault[1])


def _fault(consumes: Consumes) -> tuple[str, str] | None:
    dedup = consumes.dedup
    if dedup is None:
        if not grouped(consumes):
            return None
        return "a share group without a unique key stores twice what comes twice", "declare `dedup`"
    scheme, mark, _ = dedup.database.partition("://")
    if not mark or scheme.partition("+")[0].lower() in KNOWN:
        return None
    return f"a database of the kind '{scheme}' cannot be looked into", f"store in one of {', '.join(KNOWN)}"
