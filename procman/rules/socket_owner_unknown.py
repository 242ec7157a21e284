"""The owner of a unix socket is no user or group of this host.

## What it checks
`owner` of each unix socket in `listen`, as USER or USER:GROUP. Only asked on the host itself, not with `--offline`.

## Why it matters
The socket stays with the one who runs procman, and those it is meant for cannot connect.

## Example
```yaml
services:
  api: {kind: scalable, command: a, memory: 90M, listen: {unix: run/api.sock, owner: "www-dat"}}
```

## Instead
Correct the name, or create the user or group.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM312"
NAME = "socket-owner-unknown"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The socket stays with the one who runs procman, and those it is meant for cannot connect."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each owner that this host does not know."""
    places = context.manifest.places
    for service in context.manifest.services:
        known = context.facts.services.get(service.name) if context.facts is not None else None
        for owner in known.owners_unknown if known is not None else ():
            at = places.value("services", service.name, "listen")
            message = f"'{service.name}' gives its socket to '{owner}', whom this host does not know"
            yield Problem(at, message, "correct the name, or create the user or group")
