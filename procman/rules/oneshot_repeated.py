"""A oneshot runs more than once at a time.

## What it checks
`oneshot: true` with more than one instance.

## Why it matters
Each instance does the whole work, all at the same time: two migrations of one database block or break each other.

## Example
```yaml
services:
  migrate: {kind: scalable, command: node migrate.js, memory: 200M, oneshot: true, instances: 2}
```

## Instead
`kind: singleton`, which also keeps a second one away that somebody starts by hand. Where the instances share the work
by `PROCMAN_INSTANCE`, suppress this with that as the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.manifest import Instances, Kind
from procman.rules.base import Context, Problem

CODE = "PM318"
NAME = "oneshot-repeated"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "Each instance does the whole work at the same time: two migrations of one database break each other."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each oneshot with more than one instance."""
    for service in written(context.manifest):
        if service.oneshot and service.kind is Kind.SCALABLE and service.instances != Instances():
            at = context.manifest.places.value("services", service.name, "instances")
            yield Problem(at, f"'{service.name}' is a oneshot and runs several times at once", "`kind: singleton`")
