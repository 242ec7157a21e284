"""What runs now: the manager's report, the spec files it names, and what /proc says of each instance."""

from __future__ import annotations

from procman.adapters import files, processes, supervisor_rpc
from procman.adapters.state import State
from procman.core.applied import Applied
from procman.core.diff import Running
from procman.core.errors import NotRunning
from procman.core.observed import Observed, ObservedUnit
from procman.core.spec import Spec, decode
from procman.core.status import ALIVE_STATES, InstanceStatus, Measured, rows


def observe(state: State) -> Observed | None:
    """Return what the manager reports, or None when it cannot be reached."""
    try:
        return supervisor_rpc.Client(state.socket).status()
    except NotRunning:
        return None


def running(observed: Observed | None, applied: Applied | None) -> tuple[Running, ...]:
    """Return the instances that the manager knows, each with the spec it was started from."""
    if observed is None:
        return ()
    return tuple(_running(unit, applied) for unit in observed.units)


def status_rows(observed: Observed, applied: Applied) -> tuple[InstanceStatus, ...]:
    """Return the status of every instance, memory and readiness measured now."""
    table = processes.parents()
    measured = {u.unit: measure(u, table) for u in observed.units if u.pid}
    return rows(applied, observed, measured)


def measure(unit: ObservedUnit, table: dict[int, int]) -> Measured:
    """Return the memory of a unit's whole process tree, and whether it accepts on its address."""
    pids = processes.tree(unit.pid or 0, table)
    accepts = unit.slot_inode is not None and processes.accepts(pids, unit.slot_inode)
    return Measured(memory=processes.memory(pids), accepts=accepts)


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
        alive=unit.statename in ALIVE_STATES,
        state="held elsewhere" if unit.held else unit.statename.lower(),
        spec=spec,
        memory=known.memory if known else None,
    )
