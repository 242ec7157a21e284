"""Sessions at a broker that are to be ended: of members that are gone for good. Pure.

They are noted before anything is done, so that a command that is killed, or a broker that is away, leaves a note to the
next command instead of messages in a session that nobody reads.
"""

from __future__ import annotations

from collections.abc import Iterable

from procman.core import members
from procman.core.broker_place import BrokerPlace
from procman.core.guards import grouped
from procman.core.manifest import Service, Session
from procman.core.mqtt import without_credentials
from procman.core.values import dataclass

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Owed:
    """The session of `unit`. `hand_on`: what waits in it is with no other member."""

    unit: str
    broker: str
    client_id: str
    filters: tuple[str, ...]
    hand_on: bool
    ca: str | None = None

    @property
    def place(self) -> BrokerPlace:
        """Return where its broker is."""
        return BrokerPlace(self.broker, self.ca)

    @property
    def key(self) -> tuple[str, str]:
        """Return what names a session: whoever connects with both is in it."""
        return without_credentials(self.broker), self.client_id


def sessions(service: Service | None, numbers: Iterable[int], directory: str) -> tuple[Owed, ...]:
    """Return the sessions of these members of `service`, which runs in `directory`; none where none is kept."""
    consumes = service.consumes if service is not None else None
    if service is None or consumes is None or consumes.session is not Session.PERSISTENT or not consumes.client_id:
        return ()
    filters, hand_on, ca = members.subscriptions(consumes), grouped(consumes), members.authorities(consumes, directory)
    return tuple(
        Owed(f"{service.name}-{n}", consumes.broker, members.client_id(consumes, n) or "", filters, hand_on, ca)
        for n in numbers
    )


def to_json(owed: Iterable[Owed]) -> bytes:
    """Return the bytes of the note. An address in it may hold a password."""
    import json  # noqa: PLC0415 - few projects scale a consumer

    names = ("unit", "broker", "client_id", "filters", "hand_on", "ca")
    rows = [{name: getattr(one, name) for name in names} for one in owed]
    return json.dumps({"schema_version": SCHEMA_VERSION, "sessions": rows}, indent=1).encode() + b"\n"


def from_json(data: bytes) -> tuple[Owed, ...]:
    """Return the note in `data`; ValueError when it is none."""
    import json  # noqa: PLC0415 - same

    try:
        raw = json.loads(data)
        if raw["schema_version"] != SCHEMA_VERSION:
            raise ValueError("it was written by another version of procman")
        return tuple(
            Owed(
                str(row["unit"]),
                str(row["broker"]),
                str(row["client_id"]),
                tuple(str(one) for one in row["filters"]),
                bool(row["hand_on"]),
                None if row["ca"] is None else str(row["ca"]),
            )
            for row in raw["sessions"]
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is not whole ({error})") from error
