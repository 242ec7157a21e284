"""An env_file can be read by everybody on this host.

## What it checks
The permissions of each `env_file`: others may neither read nor write it. Only asked on the host itself, not with
`--offline`.

## Why it matters
It is where passwords are kept. Every account on the host, and every service that is broken into, reads them.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, env_file: .env}
```
with a `.env` of mode 0644.

## Instead
`chmod 600 .env`; for several accounts a group and 0640.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM502"
NAME = "env-file-open"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "Every account on the host, and every service that is broken into, reads the passwords in it."

OTHERS = 0o006


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each env_file that others may read or write."""
    services = context.facts.services if context.facts else {}
    for service in written(context.manifest):
        known = services.get(service.name)
        mode = known.env_file_mode if known is not None else None
        if service.env_file is not None and mode is not None and mode & OTHERS:
            at = context.manifest.places.value("services", service.name, "env_file")
            message = f"env_file '{service.env_file}' of '{service.name}' is open to everybody here (mode {mode:04o})"
            yield Problem(at, message, f"chmod 600 {service.env_file}")
