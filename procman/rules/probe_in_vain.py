"""A probe can never succeed.

## What it checks
- `ready: ipc` for a command that is not node's, or whose user cannot read what procman loads before node.
- `exec` whose program is not on this host; not asked with `--offline`.
- `log` with what looks like a regular expression: it is plain text, but for `*`.
- `ready` that needs more time than it has: `successes` looks, `interval` apart, against `timeout` and `start_period`.

## Why it matters
The service never becomes ready, so `up` and `reload` fail after they have waited; with `alive` it is ended and started
again until it is given up.

## Example
```yaml
services:
  mqtt: {kind: singleton, command: python3 consumer.py, memory: 300M, ready: {ipc: true}}
```

## Instead
`ready: notify` for a program that is not node's; the path of the command; `*` for anything in between; more time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from procman.core.argv import calls, runtime
from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.facts import ServiceFacts
from procman.core.lifecycle import Ready
from procman.core.manifest import Service
from procman.rules.base import Context, Problem

CODE = "PM320"
NAME = "probe-in-vain"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "What it waits for cannot come: the service is never ready, or ended though it is well."

_OTHERS = frozenset({"python", "php", "ruby", "lua", "perl", "java", "bun", "deno", "go", "dotnet"})
_REGULAR = r"\.[*+]|\\[dswbDSW.]|^\^|\$$|\[[^\]]+\][*+]|\(\?|\(.*\|.*\)"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each probe that must fail."""
    places = context.manifest.places
    for service in written(context.manifest):
        if service.ready is None and service.alive is None:
            continue
        known = None if context.facts is None else context.facts.services.get(service.name)
        for key, said, advice in (*_ready(service, known), *_commands(service, known)):
            yield Problem(places.key("services", service.name, *key), f"'{service.name}' {said}", advice)


def _ready(service: Service, known: ServiceFacts | None) -> Iterator[tuple[tuple[str, ...], str, str]]:
    ready = service.ready
    if ready is None:
        return
    if ready.ipc and not _is_node(service, known):
        advice = "`ready: notify`, and READY=1 to NOTIFY_SOCKET (sd_notify)"
        yield ("ready",), "waits for process.send('ready'), which only node has", advice
    elif ready.ipc and known is not None and not known.preloads_readable:
        said = f"waits for process.send('ready'), and '{service.user}' cannot read what procman loads before node"
        yield ("ready",), said, "install procman where every user can read it"
    if ready.log is not None and re.search(_REGULAR, ready.log):
        yield ("ready", "log"), "waits for a line that reads like a regular expression", "plain text, * for the rest"
    if _least(ready) > ready.timeout + ready.start_period:
        said = f"needs {_least(ready):g} s at least to become ready, and has {ready.timeout + ready.start_period:g} s"
        yield ("ready",), said, "a longer `timeout`, fewer `successes`, or a shorter `interval`"


def _least(ready: Ready) -> float:
    """Return the seconds that pass between the first good look and the one that counts."""
    asked = {"http", "tcp", "exec"} & set(ready.kinds)
    return (ready.successes - 1) * (ready.interval or 1.0) if asked else 0.0


def _commands(service: Service, known: ServiceFacts | None) -> Iterator[tuple[tuple[str, ...], str, str]]:
    missing = [key for key, found in (known.probes if known else ()) if found is None]
    for key, probe in (("ready", service.ready), ("alive", service.alive)):
        if key in missing and probe is not None:
            said = f"is asked with '{probe.command[0]}', which is not an executable program here"
            yield (key, "exec"), said, "install it, correct the name, or write its absolute path"


def _is_node(service: Service, known: ServiceFacts | None) -> bool:
    """Tell whether node may run it: of a program that words say nothing of nobody knows."""
    names = {runtime(call) for call in calls(service.command)} | {known.interpreter if known else None}
    return "node" in names or not names & _OTHERS
