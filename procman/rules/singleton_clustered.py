"""A singleton's command is itself a cluster.

## What it checks
The command of each `kind: singleton`, and of each service with `consumes`: `pm2 -i`, `gunicorn -w`, `hypercorn -w`,
`uvicorn --workers`, `granian --workers`, `puma -w`, `celery worker` without `-c 1` or `--pool solo`, `node ...
--cluster`, `throng` and the like, `docker compose up --scale`, and the variables that say the same (`WEB_CONCURRENCY`,
`UVICORN_WORKERS`, `GRANIAN_WORKERS`). Inside `npx`, `uv run` and their kin, and in the script of package.json that
`npm run` names, too. One worker is fine.

## Why it matters
procman starts one process, and that one starts several: each of them subscribes, and every record is written as often
as there are workers. No lock sees it, because they are one family.

## Example
```yaml
services:
  mqtt: {kind: singleton, command: gunicorn -w 4 consumer:app, memory: 300M}
```

## Instead
Start the consumer itself, with one worker: `python consumer.py`.

This rule cannot be suppressed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from procman.core.argv import Call, option
from procman.core.diagnostics import Related, Severity
from procman.core.guards import alone
from procman.core.manifest import Service
from procman.rules.base import Context, Problem

CODE = "PM206"
NAME = "singleton-clustered"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "One process that starts several workers is several consumers: every record is written as often."

HELP = "start the consumer itself, once: no workers, no cluster"
WORKERS = {
    "gunicorn": ("-w", "--workers"),
    "uvicorn": ("--workers",),
    "hypercorn": ("-w", "--workers"),
    "granian": ("--workers",),
    "puma": ("-w", "--workers"),
    "pm2": ("-i", "--instances"),
    "pm2-runtime": ("-i", "--instances"),
}
VARIABLES = {
    "gunicorn": ("WEB_CONCURRENCY",),
    "uvicorn": ("UVICORN_WORKERS", "WEB_CONCURRENCY"),
    "granian": ("GRANIAN_WORKERS",),
    "puma": ("WEB_CONCURRENCY",),
}
CLUSTERS = frozenset({"throng", "recluster", "naught", "strong-cluster-control", "forever-cluster"})


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service that may run once and whose command starts several."""
    places = context.manifest.places
    for service in context.manifest.services:
        if not alone(service):
            continue
        said = next((words for call in context.programs(service) if (words := _several(call))), None)
        declared = Related(places.value("services", service.name, "kind"), f"declared {service.kind} here")
        if said is not None:
            message = f"'{service.name}' may run once, and its command starts several: {said}"
            yield Problem(places.value("services", service.name, "command"), message, HELP, (declared,))
            continue
        name = _variable(context, service)
        if name is not None:
            message = f"'{service.name}' may run once, and {name} makes its server start several"
            key = "env" if name in dict(service.env) else "env_file"
            yield Problem(places.value("services", service.name, key, name), message, HELP, (declared,))


def _several(call: Call) -> str | None:
    """Return the words of a command that ask for more than one worker, or None."""
    for name in WORKERS.get(call.name, ()):
        value = option(call.args, name)
        if value is not None and _is_more(value) and (call.name, value) != ("puma", "0"):
            return f"{call.name} {name} {value}".rstrip()
    if call.name == "celery" and "worker" in call.args:
        return _celery(call)
    return _cluster(call)


def _cluster(call: Call) -> str | None:
    if call.name in ("docker", "docker-compose") and "up" in call.args:
        value = option(call.args, "--scale")
        return f"{call.name} --scale {value}" if value is not None and _is_more(value.partition("=")[2]) else None
    if call.name == "node" and "--cluster" in call.args:
        return "--cluster"
    return call.name if call.name in CLUSTERS else None


def _celery(call: Call) -> str | None:
    """Return why a worker of celery is more than one process: left alone, it starts one per core."""
    count, pool = option(call.args, "-c", "--concurrency"), option(call.args, "-P", "--pool")
    if pool == "solo" or (count is not None and not _is_more(count)):
        return None
    return "celery worker, one per core" if count is None else f"celery worker -c {count}"


def _variable(context: Context, service: Service) -> str | None:
    """Return the variable that gives the command's server several workers, unless the command itself says how many."""
    known = context.facts.services.get(service.name) if context.facts else None
    values = {**dict(known.variables if known else ()), **dict(service.env)}
    for call in context.programs(service):
        if option(call.args, *WORKERS.get(call.name, ())) is not None:
            continue
        for name in VARIABLES.get(call.name, ()):
            if _is_more({**values, **dict(call.env)}.get(name, "1")):
                return name
    return None


def _is_more(count: str) -> bool:
    """Tell whether a number of workers is more than one; ``max``, ``auto``, 0 and negative ones are, too.

    A text that is no number, such as ``$N``, cannot be known and is not told.
    """
    return count in ("", "max", "auto") or bool(re.fullmatch("-?[0-9]+", count) and int(count) != 1)
