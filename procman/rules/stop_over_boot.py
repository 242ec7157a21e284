"""A service may take longer to stop than a machine that shuts down waits.

## What it checks
`stop.timeout` above 75 s, of one service or of a chain of `depends_on` together: procman ends a service when all that
depend on it have ended, everything else at once, and itself within another 15 s. systemd waits 90 s unless a unit says
otherwise.

## Why it matters
What has not ended by then is killed, whatever `stop.timeout` says: requests and uncommitted messages are lost at every
reboot.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, stop: {timeout: 5m}}
```

## Instead
A timeout of at most 75 s, and no more along a chain. Work that takes longer is better made safe to interrupt. Where the
boot system is told to wait (`TimeoutStopSec=` of a unit, as `procman render` writes it, `stop_grace_period` of a
container), suppress this with that as the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.dependencies import ordered
from procman.core.diagnostics import Related, Severity
from procman.core.manifest import Service
from procman.core.quantity import format_time
from procman.rules.base import Context, Problem

CODE = "PM108"
NAME = "stop-over-boot"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "A machine that shuts down waits 90 s (systemd's default), then kills what is left."

BOOT_SYSTEM, MANAGER = 90, 15
LONGEST = BOOT_SYSTEM - MANAGER


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each stop timeout, and each chain of them, that the boot system would cut short."""
    seen, services, places = set(), written(context.manifest), context.manifest.places
    for service in services:
        at = places.value("services", service.name, "stop", "timeout")
        if service.stop.timeout > LONGEST and at not in seen:
            seen.add(at)
            message = f"'{service.name}' may take {format_time(service.stop.timeout)} to stop; a reboot waits 90s"
            yield Problem(at, message, f"at most {LONGEST}s, which leaves {MANAGER}s for procman itself")
    times = {service.name: service.stop.timeout for service in services}
    for chain in _chains(services):
        total = sum(times[name] for name in chain)
        if total > LONGEST and all(times[name] <= LONGEST for name in chain):
            steps = ", then ".join(f"'{name}' ({format_time(times[name])})" for name in chain)
            message = f"{steps} end one after another: {format_time(total)}; a reboot waits 90s"
            related = [Related(places.key("services", name), f"'{name}' ends after that") for name in chain[1:]]
            help_text = f"at most {LONGEST}s together, which leaves {MANAGER}s for procman itself"
            yield Problem(places.key("services", chain[0], "depends_on"), message, help_text, tuple(related))


def _chains(services: tuple[Service, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the slowest way from each service on which nobody depends down to one that depends on nobody."""
    needs = {service.name: [name for name, _ in service.depends_on] for service in services}
    times = {service.name: service.stop.timeout for service in services}
    total, following = dict[str, float](), dict[str, str]()
    for name in ordered(needs, needs):  # those it needs come first; but one that closes a cycle, which is another error
        known = [other for other in needs[name] if other in total]
        if known:
            following[name] = max(known, key=lambda other: total[other])
        total[name] = times[name] + (total[following[name]] if known else 0.0)
    needed = {other for names in needs.values() for other in names}
    for name in needs:
        if name not in needed and name in following:
            chain = [name]
            while chain[-1] in following:
                chain.append(following[chain[-1]])
            yield tuple(chain)
