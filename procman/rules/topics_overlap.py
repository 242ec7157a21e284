"""Two services consume the same messages.

## What it checks
Two services with `consumes` on one broker whose topic filters overlap, by MQTT's own matching: `+`, `#`, `$share/...`
and `$`-topics; `$queue/` and `$exclusive/` of EMQX count as the filter behind them. Spellings of one broker count as
one: `localhost`, `127.0.0.1` and `127.1`, a name in punycode, a missing port, and the ports that brokers usually have
(1883, 8883, 80, 443, 8083, 8084, 9001). With `--online` so do this host's own addresses and names, and /etc/hosts.
Services in one share group (`share`, or `$share/GROUP/...`) do not collide; groups that differ are PM205.

## Why it matters
Both get every message that matches both filters, and both store it.

## Example
```yaml
services:
  mqtt: {kind: singleton, command: a, memory: 90M, consumes: {broker: "mqtt://localhost", topics: [tiwater/+/data]}}
  logs: {kind: singleton, command: b, memory: 90M, consumes: {broker: "mqtt://127.0.0.1", topics: ["tiwater/#"]}}
```

## Instead
Give each message to one service, or subscribe to filters that do not overlap.

This rule cannot be suppressed.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.diagnostics import Related, Severity
from procman.core.topic_index import earlier
from procman.rules.base import Context, Problem

CODE = "PM203"
NAME = "topics-overlap"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "Both services get every message that matches both filters, and both store it."

HELP = "let one service consume these messages, or choose filters that do not overlap"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each filter that can match a message which an earlier service consumes as well.

    Two filters in share groups are left to other rules.
    """
    places = context.manifest.places
    for entry, others in earlier(context.manifest.services, context.known):
        other = next((o for o in others if entry.group is None or o.group is None), None)
        if other is not None:
            at = places.value("services", entry.service.name, "consumes", "topics", str(entry.index))
            first_at = places.value("services", other.service.name, "consumes", "topics", str(other.index))
            message = f"'{entry.service.name}' consumes what '{other.service.name}' consumes"
            yield Problem(at, message, HELP, (Related(first_at, "the overlapping filter"),))
