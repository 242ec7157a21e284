"""nginx: a proxy in front of the services that listen. Renders; writes nothing.

One server per service, its shared address: which instance answers is decided by the kernel and procman, so there is no
list of instances that would have to follow `scale`. A service that listens at further places gets a server for each:
what it answers at one port or socket need not be what it answers at another. The same port at several hosts is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from procman.core.manifest import Service
from procman.core.places import Address, Place, located
from procman.core.sheet import Page

TEMPLATE = "nginx/proxy.conf.j2"
FIRST_PORT = 8080
"""Where nginx listens for the first service; the next ones follow."""

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to reach what listens everywhere


def pages(project: str, services: tuple[Service, ...], base: str = "/") -> tuple[Page, ...]:
    """Return the proxy's file for those of `services` that listen; ValueError when there is none.

    Paths of unix sockets are relative to `base`; ValueError for one that nginx cannot read.
    """
    places = [(service, place) for service in services for place in service.places]
    if not places:
        raise ValueError("there is nothing to put a proxy in front of: no service has `listen`")
    taken = {place.port for _, place in places if isinstance(place, Address)}
    ports = (port for port in count(FIRST_PORT) if port not in taken)
    values: dict[str, object] = {
        "project": project,
        "variable": project.replace("-", "_"),
        "services": [proxied for s in services for proxied in _proxied(project, s, base, ports)],
    }
    return (Page(f"{project}.nginx.conf", TEMPLATE, values, mode=0o644),)


def _proxied(project: str, service: Service, base: str, ports: Iterator[int]) -> Iterator[dict[str, object]]:
    apart: dict[int | str, list[str]] = {}
    for place in service.places:
        key = place.port if isinstance(place, Address) else place.path
        apart.setdefault(key, []).append(_server(located(place, base, {})))
    for number, servers in enumerate(apart.values(), 1):
        more = str(number) if number > 1 else ""
        yield {
            "upstream": f"{project}_{service.name}{more and f'_{more}'}",
            "servers": servers,
            "port": next(ports),
            "server_name": f"{service.name}{more}.example.org",
        }


def _server(place: Place) -> str:
    if isinstance(place, Address):
        return str(Address(_EVERYWHERE.get(place.host, place.host), place.port))
    if not place.path.isprintable() or any(c in place.path for c in '"\\$;{}'):
        raise ValueError(f"{place.path!r} cannot stand in a file of nginx")
    return f'"{place}"'
