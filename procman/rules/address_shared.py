"""Two services listen on one address.

## What it checks
Two services whose `listen` is the same address, or one of which takes every address (`0.0.0.0`, `[::]`) on the port of
the other, or the same unix socket; also one service that names an address twice. The instances of one service share
its address; that is what `listen` is for.

## Why it matters
What comes second cannot start, or takes the first one's requests.

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
from posixpath import normpath

from procman.core.diagnostics import Related, Severity
from procman.core.manifest import Service
from procman.core.places import Address, Place
from procman.rules.base import Context, Problem

CODE = "PM104"
NAME = "address-shared"
SEVERITY = Severity.ERROR
SINCE = "0.1.0"
WHY = "What comes second cannot start, or takes the first one's requests."

EVERY_IPV4 = "0.0.0.0"  # noqa: S104 - compared, not bound
EVERY = "::"
"""Linux takes the port for IPv4 too."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each service whose address an earlier one takes."""
    places = context.manifest.places
    for first, taken, second, wanted in _colliding(context.manifest.services):
        at = places.value("services", second.name, "listen")
        related = Related(places.value("services", first.name, "listen"), f"'{first.name}' listens here")
        message = f"'{second.name}' listens on {wanted}, which '{first.name}' takes ({taken})"
        if first is second:
            both = f"{wanted} twice" if str(taken) == str(wanted) else f"{taken} and {wanted}, which are one address"
            yield Problem(at, f"'{second.name}' listens on {both}", "leave one of them out")
        else:
            yield Problem(at, message, "give each service a port of its own", (related,))


def _colliding(services: tuple[Service, ...]) -> Iterator[tuple[Service, Place, Service, Place]]:
    """Yield each service that listens where an earlier one does, or twice itself, after the first of those."""
    doors: dict[int | str, list[tuple[Service, Place]]] = {}
    for service in services:
        for place in service.places:
            there = doors.setdefault(place.port if isinstance(place, Address) else normpath(place.path), [])
            first = next((known for known in there if _same(known[1], place)), None)
            if first is not None:
                yield *first, service, place
            there.append((service, place))


def _same(one: Place, other: Place) -> bool:
    return not (isinstance(one, Address) and isinstance(other, Address)) or collide(one, other)


def collide(one: Address, other: Address) -> bool:
    """Tell whether two addresses cannot both be listened on."""
    if one.port != other.port:
        return False
    hosts = {spelt(one), spelt(other)}
    if len(hosts) == 1 or EVERY in hosts or ("localhost" in hosts and hosts <= LOOPBACK):
        return True
    return EVERY_IPV4 in hosts and not any(":" in host for host in hosts)


def spelt(address: Address) -> str:
    """Return the host in one spelling: names in lower case, an IPv6 address in its shortest form."""
    if ":" not in address.host:
        return address.host.lower()
    import ipaddress  # noqa: PLC0415 - few services listen on IPv6, and it costs milliseconds

    return str(ipaddress.IPv6Address(address.host))
