"""A consumer's client id is missing, or another one every time.

## What it checks
`consumes` without `client_id`, or with one that a program or a variable makes up: `random`, `uuid`, `$(...)`,
`mqttjs_`, `${HOSTNAME}`, `${RANDOM}`. Not asked of a clean session, which needs none (see PM401).

## Why it matters
The broker keeps messages for a client id. A consumer that comes back under another one starts from nothing, and the old
session fills up until the broker drops it.

## Example
```yaml
services:
  mqtt: {kind: singleton, command: a, memory: 90M, consumes: {broker: "mqtt://h", topics: [a/b]}}
```

## Instead
A fixed one of its own: `client_id: tiwater-consumer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.manifest import Session
from procman.core.words import shown
from procman.rules.base import Context, Problem

CODE = "PM403"
NAME = "client-id-unfixed"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The broker keeps messages for a client id: under another one the consumer starts from nothing."

HELP = "give it a fixed one of its own, such as `client_id: {}-consumer`"
MADE_UP = r"(?i)(?<![a-z])(?:random|rand|u?uid4?|nanoid|timestamp)(?![a-z])|\$\(|\$RANDOM|^mqttjs_|x{4,}|%[dsx]"
SIGNS = ("rand", "uid", "nanoid", "timestamp", "$", "mqttjs_", "xxxx", "%")
VARIABLES = r"\$\{(?:RANDOM|UUID|HOSTNAME|PID|CONTAINER_ID)\}"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each persistent consumer without a fixed client id; one that cannot be read is told."""
    manifest = context.manifest
    for service in written(manifest):
        path = ("services", service.name, "consumes", "client_id")
        if service.consumes is None or service.consumes.session is Session.CLEAN:
            continue
        client_id, help_text = service.consumes.client_id, HELP.format(service.name)
        raw = manifest.places.raw.get(path, client_id or "")
        if client_id is None:
            if path not in manifest.places.keys:
                at = manifest.places.key("services", service.name, "consumes")
                yield Problem(at, f"'{service.name}' consumes without a client id", help_text)
        elif _changes(client_id, raw):
            message = f"the client id {shown(raw)} of '{service.name}' is another one every time"
            yield Problem(manifest.places.value(*path), message, help_text)


def _changes(client_id: str, raw: str) -> bool:
    """Tell whether a client id is made up anew; patterns are compiled for one that may be."""
    if any(sign in client_id.lower() for sign in SIGNS) and re.search(MADE_UP, client_id):
        return True
    return "${" in raw and re.search(VARIABLES, raw) is not None
