"""Instances of a scalable service open their port by themselves.

## What it checks
`{port}` in the command of a service that may run more than once.

## Why it matters
A server that is told its port opens it by itself, and nothing of it is held by procman. Several instances on one port
work only when the server sets SO_REUSEPORT. When one ends, what waits in its queue is refused; a replacement starts
only after it has ended; with a single instance clients are refused in between.

## Example
```yaml
services:
  api: {kind: scalable, command: "granian --port {port} app:app", instances: 2, memory: 90M, listen: "127.0.0.1:3000"}
```

## Instead
A server that takes a socket, without `{port}`; see the guide, Listening sockets. Where that cannot be, say so:
`# procman: ignore[PM313] it sets SO_REUSEPORT`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.serving import opens_itself
from procman.rules.base import Context, Problem

CODE = "PM313"
NAME = "port-by-itself"
SEVERITY = Severity.HINT
SINCE = "0.1.0"
WHY = "What waits in its queue is refused when an instance ends, and several need SO_REUSEPORT."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service whose instances each open the port."""
    for service in written(context.manifest):
        open_ended = service.instances.high is None or service.instances.high > 1
        if service.listen is not None and open_ended and opens_itself(service.command):
            at = context.manifest.places.value("services", service.name, "command")
            message = f"each instance of '{service.name}' opens port {service.listen.port} by itself"
            yield Problem(at, message, "use a server that takes the socket, or see that it sets SO_REUSEPORT")
