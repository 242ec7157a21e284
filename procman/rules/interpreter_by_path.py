"""A program is found only through the PATH of the shell.

## What it checks
The first word of each command: a bare name that is found on the PATH of the one who runs procman, and not in the
system's own folders. A word that comes from a variable, and a service with a PATH of its own in `env`, were chosen.
Only asked on the host itself, not with `--offline`.

## Why it matters
nvm, pyenv and activated environments change the PATH of one terminal. `procman up` from cron, from CI or from another
terminal finds another version, or none, and replaces what runs.

## Example
```yaml
services:
  api: {kind: scalable, command: node src/index.js, memory: 400M}
```
with a `node` in `~/.nvm/versions/node/v20/bin`.

## Instead
The path (`.venv/bin/python app.py`), a variable (`${NODE:-node} src/index.js`), or `env: {PATH: ...}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.facts import SYSTEM_PATH
from procman.rules.base import Context, Problem

CODE = "PM602"
NAME = "interpreter-by-path"
SEVERITY = Severity.HINT
SINCE = "0.1.0"
WHY = "From cron, CI or another terminal, procman finds another version, or none, and replaces what runs."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each program that another PATH would not find."""
    manifest = context.manifest
    services = context.facts.services if context.facts else {}
    for service in written(manifest):
        path = ("services", service.name, "command")
        first = manifest.places.raw.get(path) or manifest.places.raw.get((*path, "0")) or service.command[0]
        known = services.get(service.name)
        if known is None or known.executable is None or "/" in service.command[0] or "PATH" in dict(service.env):
            continue
        if dirname(known.executable) not in SYSTEM_PATH.split(":") and "${" not in first.partition(" ")[0]:
            message = f"'{service.command[0]}' of '{service.name}' is found only through this shell's PATH"
            help_text = f"it is {known.executable} here; write a path, a variable, or PATH in `env`"
            yield Problem(manifest.places.value(*path), message, help_text)
