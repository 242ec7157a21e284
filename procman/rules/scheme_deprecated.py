"""A broker's URL has a deprecated scheme.

## What it checks
`consumes.broker` that begins with `tcp://` or `ssl://`.

## Why it matters
They are the words of one client library. `mqtt://` and `mqtts://` say the protocol, are understood by the others, and
have ports of their own (1883 and 8883). procman reads both and may one day read only these.

## Example
```yaml
services:
  mqtt: {kind: singleton, command: a, memory: 90M, consumes: {broker: "tcp://127.0.0.1", topics: [a/b], client_id: a}}
```

## Instead
`mqtt://` for `tcp://`, `mqtts://` for `ssl://`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM604"
NAME = "scheme-deprecated"
SEVERITY = Severity.HINT
SINCE = "0.1.0"
WHY = "They are the words of one client library; the others know mqtt:// and mqtts://."

NEW = {"tcp": "mqtt", "ssl": "mqtts"}


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each broker under an old scheme. The message never holds the URL."""
    for service in written(context.manifest):
        scheme = service.consumes.broker.partition("://")[0] if service.consumes else ""
        if scheme in NEW:
            at = context.manifest.places.value("services", service.name, "consumes", "broker")
            yield Problem(at, f"{scheme}:// is an old word for {NEW[scheme]}://", f"write {NEW[scheme]}://")
