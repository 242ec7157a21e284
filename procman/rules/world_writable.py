"""A program or its directory can be changed by everybody on this host.

## What it checks
The permissions of each service's program and `directory`: others may not write (a sticky directory, such as `/tmp`,
counts as well: others may add files). Only asked on the host itself, not with `--offline`.

## Why it matters
Every account on the host can put code there that the service runs at its next start, with its rights and its secrets.

## Example
```yaml
services:
  api: {kind: scalable, command: ./serve, memory: 400M, directory: /tmp/app}
```
with a `/tmp/app` of mode 0777.

## Instead
`chmod o-w`, and a directory that belongs to the account that deploys.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM505"
NAME = "world-writable"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "Every account on the host can put code there that the service runs at its next start."

WRITE, STICKY = 0o002, 0o1000


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each program and directory that others may write."""
    services = context.facts.services if context.facts else {}
    for service in written(context.manifest):
        known = services.get(service.name)
        if known is None:
            continue
        for key, path, mode in (
            ("command", known.executable, known.executable_mode),
            ("directory", known.directory, known.directory_mode),
        ):
            if mode is not None and mode & WRITE:
                at = context.manifest.places.value("services", service.name, key)
                message = f"everybody here may change the {key} of '{service.name}' (mode {mode:04o})"
                own = "choose a directory that belongs to the account that deploys"
                yield Problem(at, message, own if mode & STICKY else f"chmod o-w {path}")
