"""A service's directory does not exist.

## What it checks
`directory` of each service, from the manifest's folder. Only asked on the host itself, not with `--offline`.

## Why it matters
The service cannot start.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, directory: servcies/api}
```

## Instead
Create the directory or correct the path.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM021"
NAME = "directory-missing"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "The service cannot start."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each directory that is not there."""
    if context.facts is None:
        return
    places = context.manifest.places
    for service in context.manifest.services:
        known = context.facts.services.get(service.name)
        if known is not None and not known.directory_exists:
            message = f"directory '{service.directory}' of service '{service.name}' does not exist"
            help_text = "create it or correct the path (it is taken from the manifest's folder)"
            yield Problem(places.value("services", service.name, "directory"), message, help_text)
