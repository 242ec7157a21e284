"""A service is told another port than the one it listens on.

## What it checks
`PORT` in `env`, and `--port` or `-p` in the command of known servers, against the port of `listen`.

## Why it matters
procman opens `listen` and hands it over. A service that opens a port of its own is not the one that is asked whether it
is ready, and its second instance finds the port taken.

## Example
```yaml
services:
  api:
    kind: scalable
    command: node src/index.js
    memory: 400M
    listen: 127.0.0.1:3000
    ready: {http: /health}
    env: {PORT: 3001}
```

## Instead
Remove it: procman sets `PORT` and `HOST` itself, and passes the socket (descriptor 3).
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.argv import option
from procman.core.asked import written
from procman.core.diagnostics import Related, Severity
from procman.core.manifest import Service
from procman.core.places import Address
from procman.core.source import Span
from procman.rules.base import Context, Problem

CODE = "PM606"
NAME = "port-differs"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "What opens a port of its own is not what is asked whether it is ready, and cannot run twice."

OPTIONS = {
    "uvicorn": ("--port",),
    "hypercorn": ("--port",),
    "granian": ("--port",),
    "flask": ("--port", "-p"),
    "puma": ("--port", "-p"),
    "next": ("--port", "-p"),
}


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each port beside `listen` that is another one."""
    manifest = context.manifest
    for service in written(manifest):
        for port, at, words in _ports(context, service):
            known = [place.port for place in service.places if isinstance(place, Address)]
            if known and port.isdecimal() and int(port) not in known:
                related = Related(manifest.places.value("services", service.name, "listen"), "the address")
                message = f"'{service.name}' listens on port {known[0]}, and {words} says {port[:10]}"
                yield Problem(at, message, "remove it: procman sets PORT and hands the socket over", (related,))


def _ports(context: Context, service: Service) -> Iterator[tuple[str, Span, str]]:
    manifest = context.manifest
    for name, value in service.env:
        if name == "PORT":
            yield value, manifest.places.value("services", service.name, "env", name), "PORT"
    for call in context.programs(service):
        names = OPTIONS.get(call.name, ())
        said = option(call.args, *names) if names else None
        if said:
            yield said, manifest.places.value("services", service.name, "command"), names[0]
