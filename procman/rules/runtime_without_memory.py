"""A service names its runtime, but has no memory limit that a heap could be taken from.

## What it checks
`runtime: node` or `runtime: java` of a service without `memory`, neither of its own nor from `defaults`.

## Why it matters
`runtime` sets the heap from the limit. Without one nothing is set: the runtime takes its heap from the size of the
machine, as if it were alone there, and with several instances that is more than the machine has.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, runtime: node}
```

## Instead
Give it a limit, such as `memory: 400M`: node then gets a heap of 300 MiB.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM113"
NAME = "runtime-without-memory"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The runtime takes its heap from the size of the machine, as if it were alone there."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each runtime whose heap cannot be set; a limit that cannot be read is told already."""
    manifest = context.manifest
    for service in manifest.services:
        if (
            service.runtime
            and service.memory is None
            and ("services", service.name, "memory") not in manifest.places.keys
        ):
            at = manifest.places.value("services", service.name, "runtime")
            message = f"'{service.name}' gets no heap for {service.runtime}: it has no memory limit to take it from"
            yield Problem(at, message, "add `memory: 400M` (per instance), or leave `runtime` out")
