"""A service is stopped by killing it.

## What it checks
`stop: {signal: KILL}`.

## Why it matters
SIGKILL cannot be caught: requests are cut off, nothing is committed or acknowledged, and the MQTT session ends as in a
crash, at every restart.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, stop: {signal: KILL}}
```

## Instead
Leave it out (TERM), or name the signal that the program drains on. What does not end within `stop.timeout` is killed
anyway.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM308"
NAME = "stop-kills"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "SIGKILL cannot be caught: every restart is a crash to the service and to its clients."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service that is ended by SIGKILL; a shared setting once."""
    seen = set()
    for service in written(context.manifest):
        at = context.manifest.places.value("services", service.name, "stop", "signal")
        if service.stop.signal == "KILL" and at not in seen:
            seen.add(at)
            help_text = "leave it out (TERM): what does not end within `stop.timeout` is killed anyway"
            yield Problem(at, f"'{service.name}' is stopped by killing it", help_text)
