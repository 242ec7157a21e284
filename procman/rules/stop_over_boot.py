"""A service may take longer to stop than a machine that shuts down waits.

## What it checks
`stop.timeout` above 75 s. procman ends all services at once, so the longest counts, and itself within another 15 s;
systemd waits 90 s unless a unit says otherwise.

## Why it matters
What has not ended by then is killed, whatever `stop.timeout` says: requests and uncommitted messages are lost at every
reboot.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, stop: {timeout: 5m}}
```

## Instead
A timeout of at most 75 s. Work that takes longer is better made safe to interrupt. Where the boot system is told to
wait (`TimeoutStopSec=` of a unit, `stop_grace_period` of a container), suppress this with that as the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.quantity import format_time
from procman.rules.base import Context, Problem

CODE = "PM108"
NAME = "stop-over-boot"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "A machine that shuts down waits 90 s (systemd's default), then kills what is left."

BOOT_SYSTEM, MANAGER = 90, 15


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each stop timeout that the boot system would cut short; shared ones once."""
    seen = set()
    for service in written(context.manifest):
        at = context.manifest.places.value("services", service.name, "stop", "timeout")
        if service.stop.timeout > BOOT_SYSTEM - MANAGER and at not in seen:
            seen.add(at)
            message = f"'{service.name}' may take {format_time(service.stop.timeout)} to stop; a reboot waits 90s"
            yield Problem(at, message, f"at most {BOOT_SYSTEM - MANAGER}s, which leaves {MANAGER}s for procman itself")
