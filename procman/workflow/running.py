"""What runs now, as far as a diff needs it: each instance with the spec it was started from."""

from __future__ import annotations

from procman.adapters import files
from procman.core.applied import Applied
from procman.core.diff import Running
from procman.core.observed import Observed, ObservedUnit
from procman.core.spec import Spec, decode
from procman.core.status import ALIVE_STATES


def running(observed: Observed | None, applied: Applied | None) -> tuple[Running, ...]:
    """Return the instances that the manager knows, each with the spec it was started from."""
    if observed is None:
        return ()
    return tuple(_running(unit, applied) for unit in observed.units)


def read_spec(path: str) -> Spec | None:
    """Return the spec at `path`, or None when it is not there or not whole."""
    data = files.read_if_there(path) if path else None
    if data is None:
        return None
    try:
        return decode(data)
    except ValueError:
        return None


def _running(unit: ObservedUnit, applied: Applied | None) -> Running:
    spec = read_spec(unit.spec)
    service, _, index = unit.unit.rpartition("-")
    known = applied.service(service) if applied else None
    return Running(
        unit=unit.unit,
        service=spec.service if spec else service,
        instance=spec.instance if spec else int(index or 0),
        alive=unit.statename in ALIVE_STATES or unit.completed or unit.waits is not None,
        state="held elsewhere" if unit.held else unit.statename.lower(),
        spec=spec,
        memory=known.memory if known else None,
        limited=known is not None,
        hard=known.hard if known else None,
    )
