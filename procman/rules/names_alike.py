"""Two names differ only in their hyphens.

## What it checks
Names of services, and names of profiles, that are equal once `-` is left out.

## Why it matters
They read alike in `procman status`, in logs and in a hurry: `procman stop web-api` is a slip away from `webapi`. Tools
that take names as variables or metrics make one of the two.

## Example
```yaml
services:
  web-api: {kind: scalable, command: a, memory: 90M}
  webapi: {kind: scalable, command: b, memory: 90M}
```

## Instead
Names that say what differs: `web-api` and `admin-api`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Related, Severity
from procman.rules.base import Context, Problem

CODE = "PM603"
NAME = "names-alike"
SEVERITY = Severity.HINT
SINCE = "0.1.0"
WHY = "They read alike in a hurry, and tools that take names as variables or metrics make one of the two."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each name that an earlier one of its kind is equal to but for hyphens."""
    manifest = context.manifest
    for kind, noun, names in (
        ("profiles", "profile", [p.name for p in manifest.profiles]),
        ("services", "service", [s.name for s in manifest.services]),
    ):
        seen: dict[str, str] = {}
        for name in names:
            first = seen.setdefault(name.replace("-", ""), name)
            if first != name:
                related = Related(manifest.places.key(kind, first), f"the other {noun}")
                message = f"the {noun} '{name}' differs from '{first}' only in its hyphens"
                help_text = "choose names that say what differs"
                yield Problem(manifest.places.key(kind, name), message, help_text, (related,))
