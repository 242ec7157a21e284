"""A service runs as root.

## What it checks
`user: root` (or `0`). On the host itself also: procman runs as root, and a service that listens beyond this host has no
`user`.

## Why it matters
Who breaks into the service owns the host: every file, every other service, the broker and the database.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, user: root}
```

## Instead
An account of its own: `user: app`. procman opens the address before it drops its rights, so even port 80 needs no root.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.manifest import Service
from procman.core.places import Address
from procman.rules.address_shared import LOOPBACK, spelt
from procman.rules.base import Context, Problem

CODE = "PM504"
NAME = "runs-as-root"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "Who breaks into the service owns the host: every file, every other service, broker and database."

HELP = "give it an account of its own: `user: app`; the address is opened before"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service that is root by its `user`, or by the one who runs procman."""
    places = context.manifest.places
    root_here = context.facts is not None and context.facts.root
    for service in written(context.manifest):
        if service.user in ("root", "0"):
            yield Problem(places.value("services", service.name, "user"), f"'{service.name}' runs as root", HELP)
        elif root_here and service.user is None and _is_open(service):
            at = places.value("services", service.name, "listen")
            yield Problem(at, f"'{service.name}' listens beyond this host, and runs as root", HELP)


def _is_open(service: Service) -> bool:
    hosts = [spelt(place) for place in service.places if isinstance(place, Address)]
    return any(host not in LOOPBACK and not host.startswith("127.") for host in hosts)
