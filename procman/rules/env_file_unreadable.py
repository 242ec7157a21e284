"""An env_file cannot be read.

## What it checks
`env_file` of each service: it exists, is readable, is UTF-8 text, and holds `NAME=value` lines. Only asked on the host
itself, not with `--offline`.

## Why it matters
The service would start without its settings.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, env_file: .evn}
```

## Instead
Create the file, correct its name, or remove the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM022"
NAME = "env-file-unreadable"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "The service would start without its settings."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each env_file that could not be read."""
    if context.facts is None:
        return
    places = context.manifest.places
    for service in context.manifest.services:
        known = context.facts.services.get(service.name)
        if known is not None and known.env_file_fault:
            message = f"env_file '{service.env_file}' of service '{service.name}': {known.env_file_fault}"
            yield Problem(places.value("services", service.name, "env_file"), message, "create or correct the file")
