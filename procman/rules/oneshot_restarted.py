"""A oneshot is told to start again whenever it ends.

## What it checks
`oneshot: true` with a written `restart.policy: always`, in the service or in `defaults`.

## Why it matters
The two contradict each other. procman goes by `oneshot`: an end with success is its aim, and only a failure is
followed by another start.

## Example
```yaml
services:
  migrate: {kind: singleton, command: node migrate.js, memory: 200M, oneshot: true, restart: {policy: always}}
```

## Instead
Leave the policy out, or write `on-failure`; `never` for what must not be tried twice. A service that does its work
again and again is no `oneshot`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.lifecycle import Policy
from procman.rules.base import Context, Problem

CODE = "PM317"
NAME = "oneshot-restarted"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The two contradict each other: after an end with success a oneshot is not started again."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each oneshot whose policy is written to be `always`."""
    places = context.manifest.places
    for service in written(context.manifest):
        path = ("services", service.name, "restart", "policy")
        if service.oneshot and service.restart.policy is Policy.ALWAYS and path in places.values:
            message = f"'{service.name}' is a oneshot, and is to start again whenever it ends"
            yield Problem(places.value(*path), message, "`on-failure` or `never`, or leave it out")
