"""A scalable service consumes MQTT topics.

## What it checks
A service of `kind: scalable` that declares `consumes`, may have more than one instance, and declares nothing that could
make that safe: no share group (`share`, or `$share/GROUP/...` on every topic) and no unique key (`dedup`). With one of
them it is held at one instance until `procman verify` has seen it, which PM407 says; until then `procman scale` beyond
one is refused.

## Why it matters
Every plain MQTT subscriber gets every message: two instances store every record twice. A shared subscription divides
messages only on brokers that really implement it; granting one proves nothing.

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

from procman.core.asked import Asked
from procman.core.diagnostics import Severity
from procman.core.guards import declared, unproved
from procman.core.manifest import Instances, Kind, Manifest, Service
from procman.core.proofs import Proofs
from procman.core.source import Span
from procman.rules.base import Context, Problem

CODE = "PM202"
NAME = "consumer-scaled"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "Every plain MQTT subscriber gets every message: two instances store every record twice."

HELP = "say `kind: singleton`, or declare what would make a second one safe: `share` and `dedup`"
UNVERIFIED = "run procman verify; one instance is what runs until every guard is verified"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each scalable consumer that may run more than once, in the file, a profile or by `scale`."""
    manifest = context.manifest
    asked = Asked(manifest)
    for service in manifest.services:
        if service.kind is not Kind.SCALABLE or service.consumes is None:
            continue
        guards = declared(service.consumes)
        if guards:
            yield from _asked_for(manifest, service, context.proofs)
            continue
        for place, words in _scaled_at(manifest, service, asked):
            yield Problem(place, f"consumer '{service.name}' may run more than once{words}", HELP)


def _asked_for(manifest: Manifest, service: Service, proofs: Proofs) -> Iterator[Problem]:
    """Refuse `scale`: the file may wish for more instances, a command must not seem to have given them."""
    count = dict(manifest.scaled).get(service.name, 1)
    reason = unproved(service, proofs)
    if count > 1 and reason is not None:
        message = f"consumer '{service.name}' cannot be scaled to {count}: {reason}"
        yield Problem(manifest.places.value("services", service.name, "instances"), message, UNVERIFIED)


def _scaled_at(manifest: Manifest, service: Service, asked: Asked) -> Iterator[tuple[Span, str]]:
    scaled = service.name in dict(manifest.scaled)
    asking = [profile for profile, wanted in asked.overlays(service) if wanted.instances not in (None, Instances())]
    if service.instances != Instances() and (scaled or manifest.profile not in asking):
        yield manifest.places.value("services", service.name, "instances"), " by `scale`" if scaled else ""
    for profile in asking:
        path = ("profiles", profile, "services", service.name, "instances")
        yield manifest.places.value(*path), f" in profile '{profile}'"
