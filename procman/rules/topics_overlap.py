"""Two services consume the same messages.

## What it checks
Two services with `consumes` on one broker whose topic filters overlap, by MQTT's own matching: `+`, `#`, `$share/...`
and `$`-topics. Spellings of one broker (`localhost`, `127.0.0.1`, a missing port) count as one. Services in one share
group do not collide.

## Why it matters
Both get every message that matches both filters, and both store it.

## Example
```yaml
services:
  mqtt: {kind: singleton, command: a, memory: 90M, consumes: {broker: "mqtt://localhost", topics: [tiwater/+/data]}}
  logs: {kind: singleton, command: b, memory: 90M, consumes: {broker: "mqtt://127.0.0.1", topics: ["tiwater/#"]}}
```

## Instead
Give each message to one service, or subscribe to filters that do not overlap.

This rule cannot be suppressed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from procman.core.diagnostics import Related, Severity
from procman.core.manifest import Consumes, Service
from procman.core.mqtt import filters_overlap, normalize_broker, split_share
from procman.rules.base import Context, Problem

CODE = "PM203"
NAME = "topics-overlap"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "Both services get every message that matches both filters, and both store it."

HELP = "let one service consume these messages, or choose filters that do not overlap"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each pair of filters of two services that can match one message."""
    places = context.manifest.places
    consumers = [s for s in context.manifest.services if s.consumes is not None]
    for first, second in combinations(consumers, 2):
        for one, other in overlaps(first, second):
            at = places.value("services", second.name, "consumes", "topics", str(other))
            first_at = places.value("services", first.name, "consumes", "topics", str(one))
            message = f"'{second.name}' consumes what '{first.name}' consumes"
            yield Problem(at, message, HELP, (Related(first_at, "the overlapping filter"),))


def overlaps(first: Service, second: Service) -> Iterator[tuple[int, int]]:
    """Yield the positions of two filters, one of each service, that can match one message on one broker."""
    a, b = first.consumes, second.consumes
    if a is None or b is None or not same_broker(a, b):
        return
    for i, one in enumerate(a.topics):
        for j, other in enumerate(b.topics):
            if _collide(one, other):
                yield i, j


def same_broker(a: Consumes, b: Consumes) -> bool:
    """Tell whether two consumers name one broker, however they spell it."""
    return normalize_broker(a.broker) == normalize_broker(b.broker)


def _collide(one: str, other: str) -> bool:
    (group_a, plain_a), (group_b, plain_b) = split_share(one), split_share(other)
    return filters_overlap(plain_a, plain_b) and (group_a is None or group_a != group_b)
