"""A service waits for the end of one that never ends for good.

## What it checks
`depends_on: {NAME: completed}` where NAME is no `oneshot` and its `restart.policy` is `always`, which it is unless
written otherwise.

## Why it matters
Such a service is started again whenever it ends, with whatever status: it never completes, and what waits for that
never starts.

## Example
```yaml
services:
  migrate: {kind: singleton, command: node migrate.js, memory: 200M}
  api: {kind: scalable, command: node src/index.js, memory: 400M, depends_on: {migrate: completed}}
```

## Instead
`oneshot: true` for what runs to its end once, or `ready` for what keeps running.

This rule cannot be suppressed.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Severity
from procman.core.lifecycle import Policy, Until
from procman.rules.base import Context, Problem

CODE = "PM208"
NAME = "dependency-never-completes"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "What is started again whenever it ends never completes, and what waits for that never starts."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service that waits for the completion of one that is always started again."""
    manifest = context.manifest
    for service in manifest.services:
        for name, until in service.depends_on:
            other = manifest.service(name)
            if other is None or until is not Until.COMPLETED or other.oneshot:
                continue
            if other.restart.policy is Policy.ALWAYS:
                at = manifest.places.value("services", service.name, "depends_on", name)
                message = f"'{service.name}' waits for '{name}' to complete, which is started again whenever it ends"
                yield Problem(at, message, f"`oneshot: true` for '{name}' if it ends by itself, else `ready`")
