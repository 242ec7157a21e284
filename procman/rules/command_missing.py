"""A command cannot be found on this host.

## What it checks
The first word of each command: a path from the service's directory, or a name on the PATH of the one who runs
procman (or of the service's own `env: {PATH: ...}`). Only asked on the host itself, not with `--offline`. `up` and
`plan` name the place where the last `up` found it, if it is still there.

## Why it matters
The service cannot start.

## Example
```yaml
services:
  api: {kind: scalable, command: nodee src/index.js, memory: 400M}
```

## Instead
Install the program or correct its name; an absolute path leaves nothing to chance.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM020"
NAME = "command-missing"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "The service cannot start."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each command whose program is not on this host."""
    if context.facts is None:
        return
    places = context.manifest.places
    for service in context.manifest.services:
        known = context.facts.services.get(service.name)
        if known is None or known.executable is not None or not known.directory_exists:
            continue
        word = service.command[0]
        message = f"'{word}' of service '{service.name}' is not an executable program here"
        help_text = "install it, correct the name, write its absolute path, or run procman with a PATH that has it"
        if known.former is not None:
            message = f"'{word}' of service '{service.name}' is not on this PATH; the last up found {known.former}"
            folder = known.former.rpartition("/")[0]
            help_text = f'PATH="{folder}:$PATH" procman up, or `{known.former}` instead of `{word}` in the manifest'
        yield Problem(places.value("services", service.name, "command"), message, help_text)
