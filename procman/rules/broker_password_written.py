"""The broker's password is written in the manifest.

## What it checks
A password in `consumes.broker`, unless it comes from a variable. The default of a variable is in the file, too.

## Why it matters
The manifest goes into version control, into CI logs and to everybody who may read the project.

## Example
```yaml
services:
  mqtt:
    {kind: singleton, command: a, memory: 90M, consumes: {broker: "mqtt://u:hunter2@h", topics: [a/b], client_id: a}}
```

## Instead
`broker: ${MQTT_BROKER}` or `mqtt://u:${MQTT_PASSWORD}@h`, filled in from the environment or from an env_file. A
password that was written once is to be changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from procman.core.asked import literal, written
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM406"
NAME = "broker-password-written"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The manifest goes into version control and CI logs, and the password with it."

IN_URL = r"://[^/@\s:]*:[^/@\s]+@"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each broker URL that holds a password; the message never does."""
    manifest = context.manifest
    for service in written(manifest):
        path = ("services", service.name, "consumes", "broker")
        said = literal(manifest, service.consumes.broker, *path) if service.consumes is not None else ""
        if "@" in said and re.search(IN_URL, said):
            help_text = "take it from outside: mqtt://USER:${MQTT_PASSWORD}@HOST, and change it now"
            message = f"the broker's password of '{service.name}' is written here"
            yield Problem(manifest.places.value(*path), message, help_text)
