"""A profile does not fit the machine it is made for.

## What it checks
The sum of a profile's limits against the usable RAM of a machine with the profile's own `ram`.

## Why it matters
A profile is a promise for a size of machine. One that cannot fit its own is found out by the OOM killer.

## Example
```yaml
profiles:
  small: {ram: 1G, services: {api: {instances: 4, memory: 400M}}}
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M}
```

## Instead
Fewer instances, lower limits, or a larger `ram`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.budget import budget_for, judge
from procman.core.diagnostics import Severity
from procman.core.machine import named
from procman.core.manifest import with_profile
from procman.core.plan import planned
from procman.core.quantity import format_size, short_size
from procman.rules.base import Context, Problem

CODE = "PM102"
NAME = "profile-over-ram"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "A profile is a promise for a size of machine; one that cannot fit its own is found out by the OOM killer."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each profile that is over budget on its own `ram`."""
    manifest = context.manifest
    for profile in manifest.profiles:
        if profile.ram is None:
            continue
        budget = budget_for(named(profile.ram, "profile"), manifest.budget)
        services = planned(with_profile(manifest, profile.name).services, budget, context.proofs)
        required = sum(s.required for s in services)
        if not judge(required, budget).fits:
            message = (
                f"profile '{profile.name}' needs {format_size(required)}, but {short_size(profile.ram)} of RAM "
                f"leave {format_size(budget.usable)} for services"
            )
            help_text = "fewer instances, lower limits, or a larger `ram`"
            yield Problem(manifest.places.key("profiles", profile.name), message, help_text)
