"""A service has no memory limit.

## What it checks
Each service without `memory`, neither of its own nor from `defaults`.

## Why it matters
The budget cannot count what has no limit: the plan then promises less than it seems to.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js}
```

## Instead
Give it a limit, such as `memory: 400M`; `procman status` shows what it uses.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM103"
NAME = "memory-undeclared"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The budget cannot count what has no limit: the plan then promises less than it seems to."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service whose memory is not declared; one that cannot be read is told already."""
    manifest = context.manifest
    for service in manifest.services:
        if service.memory is None and ("services", service.name, "memory") not in manifest.places.keys:
            place = manifest.places.key("services", service.name)
            help_text = "add `memory: 400M` (per instance); `procman status` shows what it uses"
            yield Problem(place, f"'{service.name}' has no memory limit and is not counted in the budget", help_text)
