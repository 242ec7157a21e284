"""A server is not told to take the address that it is handed; procman tells it.

## What it checks
`listen` with `uvicorn` without `--fd`, with `hypercorn` without `-b fd://`, and with `gunicorn` that has `-b fd://`
although it takes the address by itself.

## Why it matters
The command that runs is not the one that is written: procman adds `--fd 3` or `-b fd://3`, or leaves `-b fd://3` out.
`procman plan` shows it too. Who runs the written command by hand gets another address.

## Example
```yaml
services:
  api:
    kind: scalable
    command: uvicorn api:app
    memory: 400M
    listen: 127.0.0.1:3000
    ready: {http: /health}
```

## Instead
Nothing has to be done. To read in the manifest what runs: `command: uvicorn --fd 3 api:app`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.serving import Serving, serving
from procman.rules.base import Context, Problem

CODE = "PM315"
NAME = "listen-option-missing"
SEVERITY = Severity.HINT
SINCE = "0.1.0"
WHY = "What runs is not quite what is written: procman puts in how the server is handed its address."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each command that procman changes."""
    for service in written(context.manifest):
        found = serving(service)
        if (found.added or found.removed) and not found.fault:
            at = context.manifest.places.value("services", service.name, "command")
            yield Problem(at, f"'{service.name}': {_done(found)}", "nothing has to be done")


def _done(found: Serving) -> str:
    said = []
    if found.removed:
        said.append(f"leaves {' '.join(found.removed)} out")
    if found.added:
        said.append(f"adds {' '.join(found.added)}")
    return f"procman {' and '.join(said)}, so that {found.server} takes the address"
