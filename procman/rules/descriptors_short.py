"""This host allows too few open files for the plan.

## What it checks
The hard limit of open files (`ulimit -Hn`) of the one who runs procman, against what supervisord opens: 1,024 that it
wants in any case, one listening socket per instance, and pipes for the output of each. Only asked on the host itself,
not with `--offline`.

## Why it matters
supervisord does not start, or cannot start the last instances.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 10M, instances: 200, listen: "127.0.0.1:3000"}
```
with `ulimit -Hn 1024`.

## Instead
Raise the limit: `LimitNOFILE=` of a unit, `/etc/security/limits.conf`, `--ulimit nofile=` of a container.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Severity
from procman.core.words import counted
from procman.rules.base import Context, Problem

CODE = "PM109"
NAME = "descriptors-short"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The manager, supervisord, does not start, or cannot start the last instances."

MINFDS, OWN, PER_INSTANCE = 1024, 32, 3


def check(context: Context) -> Iterator[Problem]:
    """Yield one problem when the plan needs more open files than the host allows."""
    facts, plan, manifest = context.facts, context.plan, context.manifest
    if facts is None or facts.open_files is None or plan is None:
        return
    listening = {s.name: len(s.places) for s in manifest.services}
    total = sum(s.instances for s in plan.services)
    slots = sum(s.instances * listening.get(s.name, 0) for s in plan.services)
    needed = max(MINFDS, OWN + PER_INSTANCE * total) + OWN + slots
    if facts.open_files < needed:
        message = f"{counted(total, 'instance')} may need {needed:,} open files, this host allows {facts.open_files:,}"
        help_text = "raise the hard limit: LimitNOFILE= of a unit, limits.conf, or --ulimit of a container"
        yield Problem(manifest.places.key("services"), message, help_text)
