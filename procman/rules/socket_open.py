"""A unix socket that everybody on the host may connect to.

## What it checks
`mode` of each unix socket in `listen`: whether others than its owner and group may write to it, which is what
connecting needs.

## Why it matters
Every account of the host can use the service, past the proxy before it. A unix socket is chosen to prevent that.

## Example
```yaml
services:
  api: {kind: scalable, command: a, memory: 90M, listen: {unix: run/api.sock, mode: 0666}}
```

## Instead
`mode: 0660` and an `owner` with the group of the proxy, such as `app:www-data`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.places import UnixSocket
from procman.rules.base import Context, Problem

CODE = "PM507"
NAME = "socket-open"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "Every account of the host can use the service, past the proxy before it."

OTHERS_WRITE = 0o002


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each socket that others may write to."""
    for service in written(context.manifest):
        for place in service.places:
            if isinstance(place, UnixSocket) and place.mode & OTHERS_WRITE:
                at = context.manifest.places.value("services", service.name, "listen")
                message = f"everybody on the host may connect to {place.path[:60]} ({place.mode:04o})"
                yield Problem(at, message, "use mode 0660 and an owner with the group that may: owner: app:www-data")
