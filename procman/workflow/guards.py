"""What keeps a second consumer away now, and whether one runs outside procman: what `status` says of both."""

from __future__ import annotations

from procman.adapters import locks, processes, strays
from procman.core.applied import Applied
from procman.core.observed import Observed
from procman.core.spec import Spec
from procman.core.strays import Stray
from procman.workflow.running import read_spec

SINGLETON = "singleton"


def guards(observed: Observed, applied: Applied) -> tuple[tuple[str, str], ...]:
    """Return the unit of each singleton that runs, with one word: what holds it."""
    table = processes.parents()
    return tuple(
        (spec.unit, locks.guard(spec, processes.tree(unit.pid, table)))
        for spec in _singletons(observed, applied)
        if (unit := observed.unit(spec.unit)) is not None and unit.pid
    )


def seen_outside(observed: Observed, applied: Applied) -> tuple[Stray, ...]:
    """Return the processes outside procman that surely run the command of one of its singletons."""
    specs = _singletons(observed, applied)
    return tuple(s for s in strays.find(specs, observed.manager_pid) if s.sure) if specs else ()


def _singletons(observed: Observed, applied: Applied) -> tuple[Spec, ...]:
    names = {f"{service.name}-0" for service in applied.services if service.kind == SINGLETON}
    found = (read_spec(unit.spec) for unit in observed.units if unit.unit in names)
    return tuple(spec for spec in found if spec is not None)
