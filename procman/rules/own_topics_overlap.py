"""Two topic filters of one service overlap.

## What it checks
The `topics` of one service, by MQTT's own matching; filters in different share groups are PM205.

## Why it matters
A broker may send a message once for each filter that matches: the one consumer gets it twice.

## Example
```yaml
services:
  mqtt:
    {kind: singleton, command: a, memory: 90M, consumes: {broker: "mqtt://h", topics: ["a/+", a/b], client_id: a}}
```

## Instead
The wider filter alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Related, Severity
from procman.core.guards import group_of
from procman.core.manifest import Consumes, Service
from procman.core.source import Places
from procman.core.topic_index import Entry, TopicIndex, plain
from procman.rules.base import Context, Problem

CODE = "PM409"
NAME = "own-topics-overlap"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "A broker may send a message once for each filter that matches: the one consumer gets it twice."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each filter of a service that an earlier one of its own overlaps with."""
    for service in written(context.manifest):
        if service.consumes is not None:
            yield from _within(context.manifest.places, service, service.consumes)


def _within(places: Places, service: Service, consumes: Consumes) -> Iterator[Problem]:
    index, at = TopicIndex(), ("services", service.name, "consumes", "topics")
    for number, topic in enumerate(consumes.topics):
        entry = Entry(service, number, group_of(consumes, topic))
        overlapping = index.overlapping(plain(consumes, entry))
        other = next((o for o in overlapping if None in (o.group, entry.group) or o.group == entry.group), None)
        if other is not None:
            related = Related(places.value(*at, str(other.index)), "the overlapping filter")
            message = f"'{service.name}' may get a message twice: two of its filters overlap"
            yield Problem(places.value(*at, str(number)), message, "keep the wider one", (related,))
        index.add(plain(consumes, entry), entry)
