"""A heap may grow to the memory limit, or beyond.

## What it checks
node's `--max-old-space-size` (in the command, in `NODE_OPTIONS` of `env` or of the env_file) and java's `-Xmx`, against
the service's `memory` and that of each profile. Heap and limit must differ.

## Why it matters
A process is more than its heap: code, buffers, stacks. With a heap as large as the limit the runtime does not collect
in time, and the instance is ended for its memory although it could have made room.

## Example
```yaml
services:
  api: {kind: scalable, command: node --max-old-space-size=400 src/index.js, memory: 400M}
```

## Instead
Give the heap about three quarters of the limit: `--max-old-space-size=300` under `memory: 400M`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from procman.core.argv import calls, option, runtime
from procman.core.asked import Asked
from procman.core.diagnostics import Related, Severity
from procman.core.manifest import Service
from procman.core.quantity import GIB, KIB, MIB, format_size, short_size
from procman.core.source import Span
from procman.rules.base import Context, Problem

CODE = "PM106"
NAME = "heap-over-limit"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "A process is more than its heap: it is ended for its memory although it could have made room."

NODE = ("--max-old-space-size", "--max_old_space_size")
UNITS = {"": 1, "k": KIB, "m": MIB, "g": GIB}


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each limit that is no larger than the heap of its service."""
    asked = Asked(context.manifest)
    for service in asked.services:
        heap = _heap(context, service)
        if heap is None:
            continue
        size, place = heap
        for memory, at, where in asked.limits(service):
            if size >= memory:
                message = f"the heap of '{service.name}' may grow to {format_size(size)}, its limit is {{}}{where}"
                help_text = f"give the heap about three quarters of the limit: {memory * 3 // 4 // MIB} MiB"
                related = (Related(at, "the limit"),)
                yield Problem(place, message.format(short_size(memory)), help_text, related)


def _heap(context: Context, service: Service) -> tuple[int, Span] | None:
    """Return the largest heap in bytes that is allowed, and where that is written; the command wins."""
    places = context.manifest.places
    for call in calls(service.command):
        size = _size(call.name, runtime(call), call.args)
        if size is not None:
            return size, places.value("services", service.name, "command")
    known = context.facts.services.get(service.name) if context.facts else None
    for values, key in ((dict(service.env), "env"), (dict(known.variables) if known else {}, "env_file")):
        size = _size("node", "node", _split(values.get("NODE_OPTIONS", "")))
        if size is not None and any(runtime(call) == "node" for call in calls(service.command)):
            return size, places.value("services", service.name, key, "NODE_OPTIONS")
    return None


def _size(name: str, language: str, args: tuple[str, ...]) -> int | None:
    if language == "node":
        value = option(args, *NODE) or ""
        return int(value) * MIB if re.fullmatch("[0-9]{1,7}", value) else None
    if name == "java":
        match = next((m for m in (re.fullmatch("-Xmx([0-9]{1,12})([kKmMgG]?)", a) for a in args) if m), None)
        return int(match[1]) * UNITS[match[2].lower()] if match else None
    return None


def _split(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return ()
