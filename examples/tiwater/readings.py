"""What a reading is, and how it is read from a message. Pure: no network, no database.

A message comes on `tiwater/<codigo_tienda>/data` and carries
`{"timestamp": "2026-01-01T00:00:00Z", "equipo_id": "E1", "values": {"flow": 1.5}}`. Timestamp, tienda and
equipo together name a reading. They come from the device: a time of receipt would make a new reading of
every redelivery.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Never

LONGEST_NAME = 128
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TOPIC_LEVELS = 3


class BadMessage(ValueError):
    """A message that is not a reading; its text says why and never quotes the payload."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement of one equipo; the first three fields are its key, `values` is JSON text."""

    timestamp: str
    codigo_tienda: str
    equipo_id: str
    values: str


def parse(topic: str, payload: bytes) -> Reading:
    """Read a message as a reading; any bytes either give one or raise BadMessage."""
    document = _load(payload)
    if not isinstance(document, dict):
        raise BadMessage("the payload is not a JSON object")
    return Reading(
        timestamp=_timestamp(document.get("timestamp")),
        codigo_tienda=_tienda(topic),
        equipo_id=_name("equipo_id", document.get("equipo_id")),
        values=_values(document.get("values")),
    )


def _load(payload: bytes) -> object:
    try:
        document: object = _DECODER.decode(payload.decode("utf-8"))
    except BadMessage:
        raise
    except UnicodeDecodeError:
        raise BadMessage("the payload is not UTF-8") from None
    except RecursionError:
        raise BadMessage("the payload is nested too deeply") from None
    except ValueError:  # malformed, or an integer of thousands of digits
        raise BadMessage("the payload is not JSON") from None
    return document


def _refuse_constant(_name: str) -> Never:
    raise BadMessage("NaN and Infinity are not JSON")


# Made once: json.loads and json.dumps make one for each message.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def _tienda(topic: str) -> str:
    levels = topic.split("/")
    if len(levels) != _TOPIC_LEVELS:
        raise BadMessage("the topic is not tiwater/<codigo_tienda>/data")
    return _name("codigo_tienda", levels[1])


def _name(field: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise BadMessage(f"{field} is missing or not a text")
    if len(value) > LONGEST_NAME or _CONTROL.search(value):
        raise BadMessage(f"{field} is longer than {LONGEST_NAME} characters or holds control characters")
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write and no database can store
        raise BadMessage(f"{field} is not valid Unicode") from None
    return value


def _timestamp(value: object) -> str:
    """Write the instant in one form, UTC: two spellings of one instant must not be two readings."""
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        raise BadMessage("timestamp is missing or not like 2026-01-01T00:00:00Z")
    try:
        instant = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadMessage("timestamp is not a time that exists") from None
    fraction = f".{instant.microsecond:06}".rstrip("0").rstrip(".")
    return f"{instant.replace(microsecond=0, tzinfo=None).isoformat()}{fraction}Z"


def _values(value: object) -> str:
    if not isinstance(value, dict) or not all(_is_plain(entry) for entry in value.values()):
        raise BadMessage("values is missing or not an object of numbers, texts, booleans and nulls")
    return _ENCODER.encode(value)


def _is_plain(value: Any) -> bool:  # noqa: ANN401 - whatever JSON may hold
    if isinstance(value, float):
        return math.isfinite(value)  # 1e999 is good JSON and reads as infinity
    return value is None or isinstance(value, (str, int))
