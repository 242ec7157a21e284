"""A memory limit is below what the runtime needs to start.

## What it checks
`memory`, of the service and in each profile, against what an empty program of its runtime takes: node 48 MiB, npm and
its kin 64, java 48, python 16, a Python web server 24, ruby 24, php 16, dotnet 48, deno 48, bun 32.

## Why it matters
The service is ended for its memory again and again before it has done anything.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 32M}
```

## Instead
Start it without a limit, look at `procman status`, and leave a good margin.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.argv import PACKAGE_RUNNERS, PYTHON_SERVERS, Call, calls, runtime
from procman.core.asked import Asked
from procman.core.diagnostics import Severity
from procman.core.quantity import MIB, short_size
from procman.rules.base import Context, Problem

CODE = "PM107"
NAME = "memory-below-runtime"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The service is ended for its memory again and again before it has done anything."

# What `node -e 0`, `npm --version`, `import uvicorn` and the like took at their highest, rounded.
NEEDS = {"node": 48, "java": 48, "python": 16, "ruby": 24, "php": 16, "dotnet": 48, "deno": 48, "bun": 32}
PACKAGE_RUNNER, WEB_SERVER = 64, 24


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each limit that the runtime of its service does not fit into."""
    asked = Asked(context.manifest)
    for service in asked.services:
        need, name = max(((_need(call), call.name) for call in calls(service.command)), default=(0, ""))
        for memory, at, where in asked.limits(service):
            if memory < need * MIB:
                message = f"'{service.name}' may use {short_size(memory)}{where}; {name} alone takes {need} MiB"
                yield Problem(at, message, "raise the limit: `procman status` shows what the service really uses")


def _need(call: Call) -> int:
    if call.name in PACKAGE_RUNNERS:
        return PACKAGE_RUNNER
    if call.name in PYTHON_SERVERS:
        return WEB_SERVER
    return NEEDS.get(runtime(call), 0)
