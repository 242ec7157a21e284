"""Members of a shared subscription name different groups.

## What it checks
Filters of two services that overlap on one broker and are in different share groups, whether by `share` or by
`$share/GROUP/...`; and one service that names two groups.

## Why it matters
The broker divides messages within a group and gives every group all of them: a typo in a group's name writes everything
twice.

## Example
```yaml
services:
  east:
    {kind: singleton, command: a, memory: 90M, consumes: {broker: "mqtt://h", topics: ["tiwater/#"], share: tiwater}}
  west:
    {kind: singleton, command: b, memory: 90M, consumes: {broker: "mqtt://h", topics: ["tiwater/#"], share: tiwatre}}
```

## Instead
One name for all members.

This rule cannot be suppressed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from procman.core.diagnostics import Related, Severity
from procman.core.manifest import Service
from procman.core.mqtt import split_share
from procman.core.source import Places, Span
from procman.core.topic_index import Entry, earlier, grouped
from procman.core.words import shown
from procman.rules.base import Context, Problem

CODE = "PM205"
NAME = "share-group-differs"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "Every group gets every message: a typo in a group's name writes everything twice."

HELP = "write one group name for all members"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service that is in another group than an earlier one, or in two groups."""
    places, told = context.manifest.places, set()
    if not grouped(context.manifest.services):
        return
    for service in context.manifest.services:
        yield from _within(places, service)
    for entry, others in earlier(context.manifest.services, context.known):
        if entry.group is None or entry.service.name in told:
            continue
        other = next((o for o in others if o.group not in (None, entry.group)), None)
        if other is not None:
            told.add(entry.service.name)
            groups = f"{shown(entry.group)}, not {shown(other.group or '')}"
            message = f"'{entry.service.name}' consumes what '{other.service.name}' does in another group: {groups}"
            yield Problem(_place(places, entry), message, HELP, (Related(_place(places, other), "the other group"),))


def _within(places: Places, service: Service) -> Iterator[Problem]:
    """Yield a problem for each group that a service names beside the one it named before."""
    consumes, at = service.consumes, ("services", service.name, "consumes")
    if consumes is None:
        return
    named = [(consumes.share, places.value(*at, "share"))] if consumes.share else []
    for index, topic in enumerate(consumes.topics):
        group = split_share(topic)[0]
        if group is not None:
            named.append((group, places.value(*at, "topics", str(index))))
    for (one, first_at), (other, other_at) in pairwise(named):
        if one != other:
            message = f"'{service.name}' names two share groups: {shown(other)}, not {shown(one)}"
            yield Problem(other_at, message, HELP, (Related(first_at, "the other group"),))


def _place(places: Places, entry: Entry) -> Span:
    """Return where the group of a filter is written."""
    at, consumes = ("services", entry.service.name, "consumes"), entry.service.consumes
    if consumes is not None and split_share(consumes.topics[entry.index])[0]:
        return places.value(*at, "topics", str(entry.index))
    return places.value(*at, "share")
