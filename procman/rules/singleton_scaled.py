"""A singleton is given more than one instance.

## What it checks
A service of `kind: singleton` must have exactly one instance: in its own entry, in `defaults`, in every profile, and
when `procman scale` asks. `auto` and ranges count as more than one.

## Why it matters
Every plain MQTT subscriber gets every message. A second consumer writes every record a second time.

## Example
```yaml
services:
  mqtt: {kind: singleton, command: node src/mqtt-consumer.js, memory: 300M, instances: 2}
```

## Instead
Leave `instances` out. If the service may really run more than once, say `kind: scalable`.

This rule cannot be suppressed.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import Asked
from procman.core.diagnostics import Related, Severity
from procman.core.manifest import Instances, Kind, Manifest, Service
from procman.core.source import Span
from procman.rules.base import Context, Problem

CODE = "PM201"
NAME = "singleton-scaled"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "Every plain MQTT subscriber gets every message: a second consumer writes every record twice."

HELP = "remove `instances`: a singleton runs exactly once (or declare `kind: scalable` if it may run more often)"
SCALE_HELP = (
    "leave it at one: a singleton runs exactly once (if it may run more often, declare `kind: scalable` and `up`)"
)
_SCALE = " by `scale`"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each place that gives a singleton anything but one instance."""
    manifest = context.manifest
    asked = Asked(manifest)
    for service in manifest.services:
        if service.kind is Kind.SINGLETON:
            yield from _check_service(manifest, service, asked)


def _check_service(manifest: Manifest, service: Service, asked: Asked) -> Iterator[Problem]:
    declared = manifest.places.value("services", service.name, "kind")
    if service.instances != Instances():
        yield _problem(service, service.instances, declared, *_asked(manifest, service))
    for profile, wanted in asked.overlays(service):
        if wanted.instances in (None, Instances()) or profile == manifest.profile:
            continue
        place = manifest.places.value("profiles", profile, "services", service.name, "instances")
        yield _problem(service, wanted.instances, declared, place, f" in profile '{profile}'")


def _asked(manifest: Manifest, service: Service) -> tuple[Span, str]:
    """Return where the count of a service comes from, and in which words."""
    places = manifest.places
    if service.name in dict(manifest.scaled):
        return places.value("services", service.name, "kind"), _SCALE
    path = ("profiles", manifest.profile or "", "services", service.name, "instances")
    if manifest.profile is not None and path in places.values:
        return places.value(*path), f" in profile '{manifest.profile}'"
    return places.value("services", service.name, "instances"), ""


def _problem(service: Service, asked: Instances | None, declared: Span, place: Span, where: str) -> Problem:
    related = () if place == declared else (Related(declared, "declared singleton here"),)
    return Problem(
        place,
        f"singleton '{service.name}' is given {_words(asked)}{where}",
        SCALE_HELP if where == _SCALE else HELP,
        related,
    )


def _words(asked: Instances | None) -> str:
    if asked is None or asked.high is None:
        return "`auto` instances"
    if asked.low == asked.high:
        return f"{asked.low} instances"
    return f"{asked.low} to {asked.high} instances"
