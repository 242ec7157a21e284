"""A consumer's guard is declared and not verified.

## What it checks
A scalable service with `consumes` that may have more than one instance and declares what could make that safe: a
unique key (`dedup`), with or without a share group (`share`, or `$share/GROUP/...` on every topic). And two services
that share topics in one group.

## Why it matters
A granted shared subscription proves nothing: some brokers grant it and deliver nothing, or everything to everyone. A
unique key helps only if it exists, covers the right columns and is taken from the message. Until `procman verify` has
seen both, and when that is a day ago, procman runs one consumer on this host.

## Example
```yaml
services:
  mqtt:
    kind: scalable
    instances: 3
    memory: 100M
    command: node src/mqtt-consumer.js
    consumes: {broker: "mqtt://127.0.0.1", topics: [tiwater/+/data], client_id: tiwater, share: tiwater,
      dedup: {database: run/t.db, table: readings, key: [timestamp, device]}}
```

## Instead
Run `procman verify`. Or say `kind: singleton`: with the warning it runs the same, once.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import Asked
from procman.core.broker_names import Known
from procman.core.diagnostics import Related, Severity
from procman.core.guards import unproved
from procman.core.manifest import Instances, Kind, Manifest
from procman.core.source import Span
from procman.core.topic_index import Entry, earlier, grouped
from procman.rules.base import Context, Problem

CODE = "PM407"
NAME = "guard-unverified"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "A granted shared subscription proves nothing, and a unique key helps only if it exists as declared."

HELP = "run procman verify; it runs once on this host until then, which `kind: singleton` says, too"
ONE_OF = "only one of the two runs on this host until their guards are verified: keep one of them"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each count that is held at one, and for services that share one group."""
    asked = Asked(context.manifest)
    for service in asked.services:
        consumes = service.consumes
        if consumes is None or service.kind is not Kind.SCALABLE or consumes.dedup is None:
            continue  # without a key it is held whatever is verified: PM410
        reason = unproved(service, context.proofs)
        if reason is None:
            continue
        for wanted, at, where in asked.counts(service):
            if wanted != Instances():
                message = f"consumer '{service.name}' is held at one instance{where}: {reason}"
                yield Problem(at, message, HELP)
    if grouped(context.manifest.services):
        yield from _together(context.manifest, context.known)


def _together(manifest: Manifest, known: Known) -> Iterator[Problem]:
    told = set()
    for entry, others in earlier(manifest.services, known):
        other = next((o for o in others if entry.group is not None and o.group == entry.group), None)
        if other is None or entry.service.name in told:
            continue
        told.add(entry.service.name)
        message = f"'{entry.service.name}' shares topics with '{other.service.name}' in one group that is not verified"
        related = Related(_topics(manifest, other), "the other member")
        yield Problem(_topics(manifest, entry), message, ONE_OF, (related,))


def _topics(manifest: Manifest, entry: Entry) -> Span:
    return manifest.places.value("services", entry.service.name, "consumes", "topics")
