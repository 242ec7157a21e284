"""Two services listen on one address.

## What it checks
Two services whose `listen` is the same address, or one of which takes every address (`0.0.0.0`, `[::]`) on the port of
the other. The instances of one service share its address; that is what `listen` is for.

## Why it matters
The second service cannot start, or takes the first one's requests.

## Example
```yaml
services:
  api:   {kind: scalable, command: a, memory: 90M, listen: "127.0.0.1:3000"}
  admin: {kind: scalable, command: b, memory: 90M, listen: "0.0.0.0:3000"}
```

## Instead
Give each service a port of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from procman.core.diagnostics import Related, Severity
from procman.core.manifest import Address
from procman.rules.base import Context, Problem

CODE = "PM104"
NAME = "address-shared"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "The second service cannot start, or takes the first one's requests."

EVERY_IPV4 = "0.0.0.0"  # noqa: S104 - compared, not bound
EVERY = "::"
"""Linux takes the port for IPv4 too."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each pair of services whose addresses collide."""
    places = context.manifest.places
    for first, second in combinations(context.manifest.services, 2):
        if first.listen is None or second.listen is None or not collide(first.listen, second.listen):
            continue
        at = places.value("services", second.name, "listen")
        related = Related(places.value("services", first.name, "listen"), f"'{first.name}' listens here")
        message = f"'{second.name}' listens on {second.listen}, which '{first.name}' takes ({first.listen})"
        yield Problem(at, message, "give each service a port of its own", (related,))


def collide(one: Address, other: Address) -> bool:
    """Tell whether two addresses cannot both be listened on."""
    if one.port != other.port:
        return False
    hosts = {_host(one), _host(other)}
    if len(hosts) == 1 or EVERY in hosts or ("localhost" in hosts and hosts <= LOOPBACK):
        return True
    return EVERY_IPV4 in hosts and not any(":" in host for host in hosts)


def _host(address: Address) -> str:
    """Return the host in one spelling: names in lower case, an IPv6 address in its shortest form."""
    if ":" not in address.host:
        return address.host.lower()
    import ipaddress  # noqa: PLC0415 - few services listen on IPv6, and it costs milliseconds

    return str(ipaddress.IPv6Address(address.host))
