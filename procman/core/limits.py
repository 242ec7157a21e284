"""The memory limits that hold while services run, and the file that tells the manager of them. Pure.

Sizes in bytes. The file lies in the state directory and is read again when it was written anew, so that a new limit
needs no restart of anything.
"""

from __future__ import annotations

import json
from typing import NamedTuple

FILE = "limits.json"
VERSION = 1
HARD_PERCENT = 150


class Limit(NamedTuple):
    """What one instance of a service may need: `soft` is acted on gracefully, `hard` by the kernel; None: no limit.

    `least`: the fewest instances that will do; `weight`: of what is shed under pressure, the smallest goes first.
    """

    soft: int | None
    hard: int | None
    singleton: bool
    listens: bool
    least: int = 1
    weight: int = 1


class Limits(NamedTuple):
    """The limits of each service. `shed`: under memory pressure of the machine, instances are given up."""

    services: dict[str, Limit]
    shed: bool = False

    def of(self, unit: str) -> Limit | None:
        """Return the limits of the instance `unit`, or None."""
        return self.services.get(unit.rpartition("-")[0])


def hard_of(soft: int | None, written: int | None) -> int | None:
    """Return the hard limit that holds: as `written` (0 is none), else half as much again as the soft one."""
    if written is not None:
        return written or None
    return None if soft is None else soft * HARD_PERCENT // 100


def to_text(limits: Limits) -> str:
    """Return the content of the file."""
    services = {name: limit._asdict() for name, limit in sorted(limits.services.items())}
    return json.dumps({"schema_version": VERSION, "shed": limits.shed, "services": services}, indent=1) + "\n"


def from_text(text: str) -> Limits:
    """Return what the file says; ValueError when it is damaged or of another version."""
    try:
        raw = json.loads(text)
        if raw["schema_version"] != VERSION:
            raise ValueError("it is of another version")
        return Limits({str(name): Limit(**row) for name, row in raw["services"].items()}, raw["shed"] is True)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is not whole ({error})") from error
