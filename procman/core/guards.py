"""Whether a consumer may have company: what it declares that could make a second one safe, and what keeps it alone.

A declared guard is a wish to a broker and a database. Until it is verified, which nothing does yet, a consumer runs
once on this host whatever its kind.
"""

from __future__ import annotations

from procman.core.manifest import Consumes, Instances, Kind, Service
from procman.core.mqtt import split_share


def alone(service: Service) -> bool:
    """Tell whether only one process of `service` may run on this host."""
    return service.kind is Kind.SINGLETON or service.consumes is not None


def declared(consumes: Consumes) -> tuple[str, ...]:
    """Return in words what could make a second consumer safe; a group counts when every topic is in one."""
    said = []
    groups = [group_of(consumes, topic) for topic in consumes.topics]
    if None not in groups:
        said.append(f"share group {', '.join(f'{group!r}' for group in dict.fromkeys(groups))}")
    if consumes.dedup is not None:
        said.append(f"unique key ({', '.join(consumes.dedup.key)}) of '{consumes.dedup.table}'")
    return tuple(said)


def group_of(consumes: Consumes, topic: str) -> str | None:
    """Return the share group that `topic` is subscribed to in: its own, else that of the consumer."""
    return split_share(topic)[0] or consumes.share


def held(service: Service) -> str | None:
    """Return why `service` runs once although more is asked for, or None."""
    if service.kind is not Kind.SCALABLE or service.consumes is None or service.instances == Instances():
        return None
    guards = declared(service.consumes)
    return f"{' and '.join(guards)} declared, not verified" if guards else None
