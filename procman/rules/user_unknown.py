"""A service's user does not exist here, or cannot be taken on.

## What it checks
`user` of each service: the host knows it, and procman runs as root or as that very user. Only asked on the host itself,
not with `--offline`.

## Why it matters
The service cannot start.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, user: ap}
```

## Instead
Create the user, correct the name, or run procman as root.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM023"
NAME = "user-unknown"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "The service cannot start."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each user that this run of procman cannot start a service as."""
    if context.facts is None:
        return
    places = context.manifest.places
    for service in context.manifest.services:
        known = context.facts.services.get(service.name)
        if service.user is not None and known is not None and not known.user_known:
            message = f"service '{service.name}' cannot run as '{service.user}': no such user, or procman is not root"
            help_text = "create the user, correct the name, or run procman as root"
            yield Problem(places.value("services", service.name, "user"), message, help_text)
