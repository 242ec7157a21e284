"""A command restarts the service by itself when files change.

## What it checks
`nodemon`, `node --watch`, `ts-node-dev`, `tsx watch`, `bun --watch`, `deno --watch`, `nest --watch`; `uvicorn`,
`gunicorn`, `hypercorn` with `--reload`, `flask --debug`, `fastapi dev`, `manage.py runserver`; `watchmedo`,
`watchfiles`, `watchexec`, `entr` and their kin. By themselves, inside `npx`, `npm exec`, `pnpm`, `yarn`, `bunx`, `uv`
or a shell, as a file of `node_modules`, and in the script of package.json that `npm run` names.

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

from procman.core.argv import Call
from procman.core.asked import written
from procman.core.carried import operands, own_options
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM310"
NAME = "command-watches"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "What is seen is the watcher, not what it restarts: neither its crashes nor its memory."

WATCHERS = frozenset(
    {"nodemon", "node-dev", "ts-node-dev", "tsnd", "tsc-watch", "onchange", "watchmedo", "watchfiles", "hupper"}
    | {"watchexec", "entr", "reflex", "air", "cargo-watch", "bacon"}
)
MODULES = {"watchdog.watchmedo": "watchmedo"}
OPTIONS = {
    "uvicorn": ("--reload",),
    "gunicorn": ("--reload",),
    "hypercorn": ("--reload",),
    "granian": ("--reload",),
    "fastapi": ("--reload",),
    "flask": ("--debug", "--reload"),
    "quart": ("--debug", "--reload"),
    "pserve": ("--reload",),
    "nest": ("--watch",),
}
OWN = {
    # before the script; behind it they are the script's
    "node": ("--watch", "--watch-path"),
    "tsx": ("--watch", "--watch-path"),
    "bun": ("--watch", "--hot"),
    "deno": ("--watch", "--watch-hmr"),
}
VERBS = {
    "tsx": "watch",
    "fastapi": "dev",
    "manage.py": "runserver",
    "django-admin": "runserver",
    "django": "runserver",
    "cargo": "watch",
    "dotnet": "watch",
}
OFF = frozenset({"--no-reload", "--noreload"})


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each command that watches files."""
    for service in written(context.manifest):
        said = next((words for call in context.programs(service) if (words := _watches(call))), None)
        if said is not None:
            at = context.manifest.places.value("services", service.name, "command")
            help_text = "run the program without it; `procman restart` or `procman up` after a deployment"
            yield Problem(at, f"'{service.name}' restarts by itself when files change: {said}", help_text)


def _watches(call: Call) -> str | None:
    """Return what watches files, or None."""
    name = MODULES.get(call.name, call.name)
    if name in WATCHERS:
        return name
    if OFF & set(call.args):
        return None
    own = tuple(word.partition("=")[0] for word in own_options(call)) if name in OWN else ()
    for known, args in ((OPTIONS, call.args), (OWN, own)):
        flag = next((flag for flag in known.get(name, ()) if flag in args), None)
        if flag is not None:
            return f"{name} {flag}"
    verb = VERBS.get(name)
    return f"{name} {verb}" if verb is not None and verb in operands(call)[:1] else None
