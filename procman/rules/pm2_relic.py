"""Something of PM2 is left.

## What it checks
`pm2`, `pm2-runtime` or `forever` in the command or in the script of package.json that it names, and variables that only
PM2 reads or sets: `PM2_*`, `pm_id`, `NODE_APP_INSTANCE`.

## Why it matters
PM2 started by procman starts its own daemon, which outlives the service and runs what procman does not see. A
variable that nobody sets any more makes every instance think it is the first.

## Example
```yaml
services:
  api: {kind: scalable, command: pm2-runtime start src/index.js, memory: 400M}
```

## Instead
The program itself: `node src/index.js`. The number of an instance is in `PROCMAN_INSTANCE`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM307"
NAME = "pm2-relic"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "PM2 inside procman is a second manager, which runs what the first one does not see."

MANAGERS = frozenset({"pm2", "pm2-runtime", "pm2-docker", "pm2-dev", "forever"})
VARIABLE = "PM2_.*|pm_id|pm_.*_path|NODE_APP_INSTANCE"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each command that is PM2, and each variable that only PM2 knows."""
    places = context.manifest.places
    for service in written(context.manifest):
        named = next((call.name for call in context.programs(service) if call.name in MANAGERS), None)
        if named is not None:
            message = f"'{service.name}' is started by {named}, a second process manager"
            help_text = "run the program itself, such as node src/index.js; count it with `instances`"
            yield Problem(places.value("services", service.name, "command"), message, help_text)
        for name, _ in service.env:
            if name[:2] in ("PM", "pm", "NO") and re.fullmatch(VARIABLE, name):
                at = places.key("services", service.name, "env", name)
                help_text = "remove it; an instance finds its number in PROCMAN_INSTANCE"
                yield Problem(at, f"the variable {name} means something to PM2 alone", help_text)
