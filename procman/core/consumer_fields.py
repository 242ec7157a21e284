"""What a consumer said under ``consumes``, as a value."""

from __future__ import annotations

from procman.core import consumer_keys as keys
from procman.core.kinds import Field, Values
from procman.core.manifest import Canary, Consumes, Dedup, Session


def consumes(read: Values) -> Consumes | None:
    """Return what is consumed, or None when broker or topics could not be read."""
    broker, topics = read.get(keys.BROKER), read.get(keys.TOPICS)
    if broker is None or topics is None:
        return None
    usual = Consumes(broker, topics)
    return Consumes(
        broker,
        topics,
        read.get(keys.CLIENT_ID),
        usual.qos if (qos := read.get(keys.QOS)) is None else qos,
        Session(read.get(keys.SESSION) or usual.session),
        read.get(keys.SHARE),
        _dedup(_part(read, keys.DEDUP)),
        read.get(keys.RATE),
        read.get(keys.DOWNTIME),
        _canary(_part(read, keys.CANARY)),
        read.get(keys.CA),
    )


def _dedup(read: Values) -> Dedup | None:
    database, table, key = read.get(keys.DATABASE), read.get(keys.TABLE), read.get(keys.KEY)
    if database is None or table is None or key is None:
        return None
    return Dedup(database, table, (key,) if isinstance(key, str) else key)


def _canary(read: Values) -> Canary | None:
    topic, payload = read.get(keys.CANARY_TOPIC), read.get(keys.CANARY_PAYLOAD)
    column = read.get(keys.CANARY_COLUMN)
    return None if topic is None or payload is None or column is None else Canary(topic, payload, column)


def _part(read: Values, key: Field[Values]) -> Values:
    return read.get(key) or Values()
