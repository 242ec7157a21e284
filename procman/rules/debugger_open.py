"""A service runs with its debugger open.

## What it checks
`node --inspect` (in the command or in `NODE_OPTIONS`), `debugpy`, `pdb`, java's `jdwp`, and `FLASK_DEBUG`,
`DJANGO_DEBUG`, `WERKZEUG_DEBUG` that are on.

## Why it matters
Who reaches a debugger runs any code in the service. It also stops or slows it, shows secrets in error pages, and its
one port keeps a second instance from starting.

## Example
```yaml
services:
  api: {kind: scalable, command: node --inspect src/index.js, memory: 400M}
```

## Instead
Leave it out here. For an hour of looking, `kill -USR1` opens node's debugger in one running process.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.argv import Call
from procman.core.asked import written
from procman.core.carried import own_options
from procman.core.diagnostics import Severity
from procman.core.manifest import Manifest, Service
from procman.rules.base import Context, Problem

CODE = "PM506"
NAME = "debugger-open"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "Who reaches a debugger runs any code in the service."

HELP = "leave it out where the service really runs"
INSPECT = ("--inspect", "--inspect-brk", "--inspect-wait")
SWITCHES = frozenset({"FLASK_DEBUG", "DJANGO_DEBUG", "WERKZEUG_DEBUG"})
OFF = frozenset({"", "0", "false", "no", "off"})


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each debugger in a command or a variable."""
    for service in written(context.manifest):
        said = next((words for call in context.programs(service) if (words := _debugger(call))), None)
        if said is not None:
            at = context.manifest.places.value("services", service.name, "command")
            yield Problem(at, f"'{service.name}' runs with a debugger: {said}", HELP)
        yield from _variables(context.manifest, service)


def _variables(manifest: Manifest, service: Service) -> Iterator[Problem]:
    for name, value in service.env:
        inspects = name == "NODE_OPTIONS" and any(_inspects(word) for word in value.split())
        if inspects or (name in SWITCHES and value.lower() not in OFF):
            at = manifest.places.value("services", service.name, "env", name)
            yield Problem(at, f"'{service.name}' runs with a debugger: {name}", HELP)


def _debugger(call: Call) -> str | None:
    """Return what opens a debugger, or None; node's own options end where its script begins."""
    if call.name in ("debugpy", "pdb"):
        return call.name
    known = {"node": _inspects, "tsx": _inspects, "bun": _inspects, "deno": _inspects, "java": _attaches}
    opens = known.get(call.name)
    words = call.args if call.name == "java" else own_options(call)
    return next((word.partition("=")[0] for word in words if opens(word)), None) if opens is not None else None


def _attaches(word: str) -> bool:
    return "jdwp" in word


def _inspects(word: str) -> bool:
    return word.partition("=")[0] in INSPECT
