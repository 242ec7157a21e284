"""nginx: a proxy in front of the services that listen. Renders; writes nothing.

One server per service, its shared address: which instance answers is decided by the kernel and procman, so there is no
list of instances that would have to follow `scale`.
"""

from __future__ import annotations

from procman.core.manifest import Address, Service
from procman.core.sheet import Page

TEMPLATE = "nginx/proxy.conf.j2"
FIRST_PORT = 8080
"""Where nginx listens for the first service; the next ones follow."""

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to reach what listens everywhere


def pages(project: str, services: tuple[Service, ...]) -> tuple[Page, ...]:
    """Return the proxy's file for those of `services` that listen; ValueError when there is none."""
    listening = [service for service in services if service.listen is not None]
    if not listening:
        raise ValueError("no service has `listen`")
    taken = {service.listen.port for service in listening if service.listen is not None}
    ports = [port for port in range(FIRST_PORT, FIRST_PORT + 2 * len(listening)) if port not in taken]
    values: dict[str, object] = {
        "project": project,
        "variable": project.replace("-", "_"),
        "services": [_service(project, s, port) for s, port in zip(listening, ports, strict=False)],
    }
    return (Page(f"{project}.nginx.conf", TEMPLATE, values, mode=0o644),)


def _service(project: str, service: Service, port: int) -> dict[str, object]:
    where = service.listen or Address("127.0.0.1", port)
    return {
        "upstream": f"{project}_{service.name}",
        "server": str(Address(_EVERYWHERE.get(where.host, where.host), where.port)),
        "port": port,
        "server_name": f"{service.name}.example.org",
    }
