"""What runs now: the manager's report, and what /proc says of each instance. On the way of `status`: imports little."""

from __future__ import annotations

from procman.adapters import processes, supervisor_rpc
from procman.adapters.state import State
from procman.core.applied import Applied
from procman.core.errors import NotRunning
from procman.core.observed import Observed, ObservedUnit
from procman.core.status import InstanceStatus, Measured, rows


def observe(state: State) -> Observed | None:
    """Return what the manager reports, or None when it cannot be reached."""
    try:
        return supervisor_rpc.Client(state.socket).status()
    except NotRunning:
        return None


def status_rows(observed: Observed, applied: Applied) -> tuple[InstanceStatus, ...]:
    """Return the status of every instance, memory and readiness measured now."""
    table = processes.parents()
    measured = {u.unit: measure(u, table) for u in observed.units if u.pid}
    return rows(applied, observed, measured)


def measure(unit: ObservedUnit, table: dict[int, int]) -> Measured:
    """Return the memory of a unit's whole process tree."""
    return Measured(memory=processes.memory(processes.tree(unit.pid or 0, table)))
