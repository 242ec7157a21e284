"""A service listens on every address of the host.

## What it checks
`listen` on `0.0.0.0` or `[::]`.

## Why it matters
The service can be reached from every network the host is in, past the proxy that was to protect it; a firewall is then
all there is.

## Example
```yaml
services:
  api:
    {kind: scalable, command: node x.js, memory: 400M, listen: "0.0.0.0:3000", ready: {http: /health}}
```

## Instead
`127.0.0.1:3000` behind a proxy, or the one address that is meant. Inside a container, where this is the way to be
reached, suppress it with that as the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.places import Address
from procman.rules.address_shared import EVERY, EVERY_IPV4, spelt
from procman.rules.base import Context, Problem

CODE = "PM503"
NAME = "listen-everywhere"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The service can be reached from every network the host is in, past the proxy before it."


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each address that is every address."""
    for service in written(context.manifest):
        addresses = (place for place in service.places if isinstance(place, Address))
        for address in (a for a in addresses if spelt(a) in (EVERY, EVERY_IPV4)):
            at = context.manifest.places.value("services", service.name, "listen")
            help_text = f"listen on 127.0.0.1:{address.port} behind a proxy, or on the one address that is meant"
            yield Problem(at, f"'{service.name}' listens on every address of the host", help_text)
