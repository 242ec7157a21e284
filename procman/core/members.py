"""The members of a consumer that runs more than once: the client id of each, and what each is told. Pure.

Member 0 is the consumer as it always was: its client id is the declared one and it holds the lock on the topics, so
that scaling touches it in nothing. Every further member has a client id, a session and a lock of its own.
"""

from __future__ import annotations

import posixpath

from procman.core.guards import group_of
from procman.core.manifest import Consumes, Service
from procman.core.mqtt import normalize_broker, split_share, without_credentials
from procman.core.spec import Lock

MEMBER_SCOPE = "member"
PREFIX = "PROCMAN_MQTT_"
CLIENT_ID, LEAVE = f"{PREFIX}CLIENT_ID", f"{PREFIX}LEAVE"
LEAVING = "leaving"
"""The folder of the state directory that tells members to leave."""


def client_id(consumes: Consumes, instance: int) -> str | None:
    """Return the client id of one member: the declared one, then ``-1``, ``-2``; None when none is declared."""
    if consumes.client_id is None or not instance:
        return consumes.client_id
    return f"{consumes.client_id}-{instance}"


def subscriptions(consumes: Consumes) -> tuple[str, ...]:
    """Return what is subscribed to: each topic as written, or within the group of the consumer."""
    return tuple(
        topic if split_share(topic)[0] or consumes.share is None else f"$share/{consumes.share}/{topic}"
        for topic in consumes.topics
    )


def authorities(consumes: Consumes, directory: str) -> str | None:
    """Return the whole path of the authorities that are trusted; `directory` is the service's. None: the system's."""
    return posixpath.join(directory, consumes.ca) if consumes.ca else None


def variables(service: Service, instance: int, state: str, directory: str = "") -> dict[str, str]:
    """Return what a consumer finds in its environment; nothing for a service that consumes nothing."""
    consumes = service.consumes
    if consumes is None:
        return {}
    groups = {group_of(consumes, topic) for topic in consumes.topics}
    told = {
        "BROKER": without_credentials(consumes.broker),
        "CA": authorities(consumes, directory),
        "TOPICS": "\n".join(subscriptions(consumes)),
        "CLIENT_ID": client_id(consumes, instance),
        "QOS": str(consumes.qos),
        "SESSION": consumes.session.value,
        "GROUP": groups.pop() if len(groups) == 1 else None,
        "LEAVE": f"{state}/{LEAVING}/{service.name}-{instance}",
    }
    return {f"{PREFIX}{name}": value for name, value in told.items() if value is not None}


def lock(service: Service, instance: int, local_names: frozenset[str]) -> Lock:
    """Return the lock of a further member: its client id on its broker, which two processes must never share."""
    consumes = service.consumes
    if consumes is None:
        raise ValueError(f"'{service.name}' consumes nothing")
    name = client_id(consumes, instance) or f"{service.name}-{instance}"
    return Lock(MEMBER_SCOPE, f"{normalize_broker(consumes.broker, local_names)}/{_level(name)}")


def _level(text: str) -> str:
    """Return `text` as one level of a filter, so that no client id reads as a wildcard."""
    return "".join(f"%{ord(c):02X}" if c in "%/+#" else c for c in text)
