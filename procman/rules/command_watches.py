"""A command restarts the service by itself when files change.

## What it checks
`nodemon`, `node --watch`, `ts-node-dev`, `tsx watch`, `uvicorn --reload`, `gunicorn --reload`, `hypercorn --reload`,
`flask --debug`, `watchmedo`, `watchexec`, `entr`.

## Why it matters
The watcher is what procman sees; what it restarts is not: not its crashes, its memory or its readiness. A deployment
that copies files restarts everything half-way through, and the old and new process of a consumer may overlap.

## Example
```yaml
services:
  api: {kind: scalable, command: uvicorn --reload api:app, memory: 400M}
```

## Instead
The program without its watcher. After a deployment: `procman up`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.argv import PACKAGE_RUNNERS, Call, calls
from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM310"
NAME = "command-watches"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "What is seen is the watcher, not what it restarts: neither its crashes nor its memory."

WATCHERS = frozenset({"nodemon", "ts-node-dev", "tsnd", "watchmedo", "watchexec", "entr", "reflex", "air"})
FLAGS = {
    "node": ("--watch",),
    "tsx": ("watch",),
    "uvicorn": ("--reload",),
    "gunicorn": ("--reload",),
    "hypercorn": ("--reload",),
    "granian": ("--reload",),
    "flask": ("--debug", "--reload"),
}


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each command that watches files."""
    for service in written(context.manifest):
        said = next((words for call in calls(service.command) if (words := _watches(call))), None)
        if said is not None:
            at = context.manifest.places.value("services", service.name, "command")
            help_text = "run the program without it; `procman restart` or `procman up` after a deployment"
            yield Problem(at, f"'{service.name}' restarts by itself when files change: {said}", help_text)


def _watches(call: Call) -> str | None:
    """Return what watches files, or None; node's own options end where its script begins."""
    if call.name in WATCHERS:
        return call.name
    inner = next(iter(WATCHERS & set(call.args[:2])), None) if call.name in PACKAGE_RUNNERS else None
    if inner is not None:
        return inner
    args = call.args
    if call.name == "node":
        own = next((i for i, word in enumerate(args) if not word.startswith("-")), len(args))
        args = args[:own]
    flag = next((flag for flag in FLAGS.get(call.name, ()) if flag in args), None)
    return f"{call.name} {flag}" if flag else None
