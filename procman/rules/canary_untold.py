"""Canary readings could not be told from real ones, or would reach nobody.

## What it checks
`consumes.canary` without `dedup`, without `{tag}` in its topic or payload, or with a topic that no filter of the
consumer matches.

## Why it matters
`procman verify` sends canary readings through the real path, counts their rows and removes them. Without a tag they are
rows among yours; on a topic that nobody consumes they prove nothing. Such a canary is never sent.

## Example
```yaml
services:
  mqtt:
    kind: singleton
    memory: 100M
    command: node src/mqtt-consumer.js
    consumes:
      broker: mqtt://127.0.0.1
      topics: [tiwater/+/data]
      client_id: tiwater
      dedup: {database: run/t.db, table: readings, key: [timestamp, store]}
      canary: {topic: test/data, payload: '{"timestamp": "{time}"}', column: store}
```

## Instead
A topic that the consumer takes, and `{tag}` where the column that `column` names comes from:
`canary: {topic: "tiwater/{tag}/data", payload: '{"timestamp": "{time}"}', column: store}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.canary_facts import fault
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM412"
NAME = "canary-untold"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "A canary is counted and removed by its tag, and proves something only on the way that readings take."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each canary that cannot be sent."""
    for service in written(context.manifest):
        consumes = service.consumes
        reason = fault(consumes, consumes.canary) if consumes is not None and consumes.canary is not None else None
        if reason is not None:
            at = context.manifest.places.key("services", service.name, "consumes", "canary")
            message = f"the canary of '{service.name}' is not sent: {reason}"
            yield Problem(at, message, "see `canary` in the guide: {tag} is how its rows are known")
