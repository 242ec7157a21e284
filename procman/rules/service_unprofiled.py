"""No profile says anything of a service.

## What it checks
With `profiles`, each service is named by at least one of them.

## Why it matters
A profile is a plan for a size of machine. A service that none of them names runs in all of them as it is written, and
was likely forgotten when the profiles were made.

## Example
```yaml
profiles:
  small: {ram: 2G, services: {api: {instances: 1}}}
services:
  api: {kind: scalable, command: a, memory: 90M}
  report: {kind: scalable, command: b, memory: 900M, instances: 2}
```

## Instead
Name it in the profiles, if only to say that it stays: `report: {instances: 2}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import Asked
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM605"
NAME = "service-unprofiled"
SEVERITY = Severity.HINT
SINCE = "0.1.0"
WHY = "It runs in every profile as it is written, and was likely forgotten when they were made."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service that no profile names; profiles that change nothing do not count."""
    asked = Asked(context.manifest)
    if not any(profile.services for profile in context.manifest.profiles):
        return
    for service in asked.services:
        if not asked.overlays(service):
            at = context.manifest.places.key("services", service.name)
            help_text = "name it in the profiles, if only to say that it stays as it is"
            yield Problem(at, f"no profile says anything of '{service.name}'", help_text)
