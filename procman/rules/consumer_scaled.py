"""A scalable service consumes MQTT topics.

## What it checks
A service of `kind: scalable` that declares `consumes` and may have more than one instance.

## Why it matters
Every plain MQTT subscriber gets every message: two instances store every record twice. A shared subscription
(`$share/GROUP/...`) divides messages only on brokers that really implement it; granting one proves nothing. This
version of procman does not verify guards on a broker or a database, so it does not let a consumer scale.

## Example
```yaml
services:
  mqtt:
    kind: scalable
    instances: 2
    command: node src/mqtt-consumer.js
    consumes: {broker: "mqtt://127.0.0.1:1883", topics: [tiwater/+/data]}
```

## Instead
Say `kind: singleton`, or one instance.

This rule cannot be suppressed.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Severity
from procman.core.manifest import Instances, Kind, Manifest, Profile, Service
from procman.core.source import Span
from procman.rules.base import Context, Problem

CODE = "PM202"
NAME = "consumer-scaled"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "Every plain MQTT subscriber gets every message: two instances store every record twice."

HELP = "say `kind: singleton`; procman does not verify shared subscriptions or unique keys yet"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each scalable consumer that may run more than once, in the file or in a profile."""
    manifest = context.manifest
    for service in manifest.services:
        if service.kind is not Kind.SCALABLE or service.consumes is None:
            continue
        for place, words in _scaled_at(manifest, service):
            yield Problem(place, f"consumer '{service.name}' may run more than once{words}", HELP)


def _scaled_at(manifest: Manifest, service: Service) -> Iterator[tuple[Span, str]]:
    scaled = service.name in dict(manifest.scaled)
    asking = [p.name for p in manifest.profiles if _asks_for_more(p, service.name)]
    if service.instances != Instances() and (scaled or manifest.profile not in asking):
        yield manifest.places.value("services", service.name, "instances"), " by `scale`" if scaled else ""
    for profile in asking:
        path = ("profiles", profile, "services", service.name, "instances")
        yield manifest.places.value(*path), f" in profile '{profile}'"


def _asks_for_more(profile: Profile, service: str) -> bool:
    wanted = dict(profile.services).get(service)
    return wanted is not None and wanted.instances not in (None, Instances())
