"""A service listens, and its command cannot use the address.

## What it checks
`listen` with a server that opens a port of its own whatever it is handed: granian, daphne, flask, waitress,
`python -m http.server`, bun, deno, `php -S`. uvicorn, hypercorn or gunicorn inside a shell, where procman does not put
the option in that they want. A node service whose `user` cannot read the preload that hands it the address.

## Why it matters
procman holds the address, so the port is taken: the service does not start. If it listens elsewhere, nobody answers at
`listen`, and its second instance finds the port taken by the first.

## Example
```yaml
services:
  api:
    kind: scalable
    command: granian --interface asgi --port 3000 api:app
    memory: 400M
    listen: 127.0.0.1:3000
    ready: {http: /health}
```

## Instead
A server that takes the address: `uvicorn api:app`. Or one instance without `listen`. In a shell, the option by hand:
`exec uvicorn --fd 3 api:app`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Related, Severity
from procman.core.serving import serving
from procman.rules.base import Context, Problem

CODE = "PM314"
NAME = "listen-unused"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The address is held by procman: a server that opens a port of its own finds it taken, or answers elsewhere."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service whose command cannot take its address."""
    places = context.manifest.places
    for service in written(context.manifest):
        known = context.facts.services.get(service.name) if context.facts else None
        interpreter, reachable = (known.interpreter, known.preloads_readable) if known else (None, True)
        found = serving(service, interpreter, reachable=reachable)
        if found.fault:
            related = (Related(places.value("services", service.name, "listen"), "the address"),)
            at = places.value("services", service.name, "command")
            yield Problem(at, f"'{service.name}' cannot use its address: {found.fault}", found.advice, related)
