"""A path belongs to one machine.

## What it checks
`directory`, `env_file` and the words of the command: absolute paths outside the system's own folders (`/usr`, `/bin`,
`/opt`, `/etc`, `/var`, `/run`, ...). What comes from a variable is fine.

## Why it matters
The same manifest does not work in CI, on a colleague's machine or after the project has moved.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M, directory: /home/ana/tiwater}
```

## Instead
Paths from the manifest's folder: leave `directory` out, or write `directory: ./api`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import literal, written
from procman.core.diagnostics import Severity
from procman.core.manifest import Manifest, Service
from procman.core.words import shown
from procman.rules.base import Context, Problem

CODE = "PM601"
NAME = "path-absolute"
SEVERITY = Severity.HINT
SINCE = "0.1.0"
WHY = "The same manifest does not work in CI, on another machine, or after the project has moved."

SYSTEM = ("usr", "bin", "sbin", "lib", "lib64", "opt", "etc", "var", "run", "dev", "proc", "sys", "nix", "snap")


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each path that is written out from the root of one machine; one per key."""
    places = context.manifest.places
    for service in written(context.manifest):
        for key, values in _paths(context.manifest, service):
            path = next((value for value in values if _is_local(value)), None)
            if path is not None:
                at = places.value("services", service.name, key)
                help_text = "write it from the manifest's folder, such as ./api, or take it from a variable"
                yield Problem(at, f"'{key}' of '{service.name}' names a place on one machine: {shown(path)}", help_text)


def _paths(manifest: Manifest, service: Service) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, value in (("directory", service.directory), ("env_file", service.env_file)):
        if value is not None:
            yield key, (literal(manifest, value, "services", service.name, key),)
    command = ("services", service.name, "command")
    if command in manifest.places.raw:
        yield "command", tuple(literal(manifest, "", *command).split())
    else:
        words = (literal(manifest, word, *command, str(i)) for i, word in enumerate(service.command))
        yield "command", tuple(word.partition("=")[2] if word.startswith("--") else word for word in words)


def _is_local(path: str) -> bool:
    first, _, rest = path[1:].partition("/")
    return path.startswith("/") and bool(rest) and first not in SYSTEM
