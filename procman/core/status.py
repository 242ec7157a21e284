"""What runs against what should, as one row per instance. Pure: the figures are measured elsewhere and handed in."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from procman.core import rolling
from procman.core.applied import Applied, AppliedService
from procman.core.observed import Capped, Observed, ObservedUnit
from procman.core.quantity import format_size, format_time
from procman.core.values import dataclass


class State(StrEnum):
    """What an instance is doing, in the words of `status`."""

    STARTING = "starting"
    READY = "ready"
    RUNNING = "running"
    DRAINING = "draining"
    STOPPING = "stopping"
    STOPPED = "stopped"
    BACKOFF = "backoff"
    FAILED = "failed"
    HELD = "held"
    COMPLETED = "completed"


_SILENT = (State.READY, State.RUNNING, State.STOPPED, State.COMPLETED)
ALIVE_STATES = ("STARTING", "RUNNING", "BACKOFF")

_WORDS = {
    "STARTING": State.STARTING,
    "STOPPING": State.STOPPING,
    "STOPPED": State.STOPPED,
    "BACKOFF": State.BACKOFF,
    "EXITED": State.BACKOFF,
    "FATAL": State.FAILED,
    "UNKNOWN": State.FAILED,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one running instance: bytes of its tree."""

    memory: int


@dataclass(frozen=True, slots=True)
class InstanceStatus:
    """One instance. `uptime` in seconds, sizes in bytes; None where there is nothing to say.

    `memory_peak` and `memory_usual` are what its whole process tree needed since it was started; `capped`: how it
    stands to its limits.
    """

    service: str
    instance: int
    kind: str
    state: State
    wanted: bool
    pid: int | None = None
    uptime: float | None = None
    memory: int | None = None
    limit: int | None = None
    restarts: int = 0
    held_by: str | None = None
    reason: str | None = None
    memory_peak: int | None = None
    memory_usual: int | None = None
    capped: Capped = Capped()

    @property
    def unit(self) -> str:
        """Return the name of the instance: ``api-0``."""
        return f"{self.service}-{self.instance}"

    @property
    def memory_words(self) -> str | None:
        """Return what there is to say of its memory, or None."""
        if self.capped.shed:
            return "was given up because the machine is short of memory; it comes back when there is room"
        if self.capped.often:
            return "is replaced for its memory about every minute: it leaks, or its limit is too low; see procman why"
        if self.capped.near and self.memory is not None and self.limit is not None:
            return f"has {format_size(self.memory)} of its limit, {format_size(self.limit)}"
        return None

    @property
    def as_wanted(self) -> bool:
        """Tell whether the instance does what was asked of it."""
        up = self.state in (State.READY, State.RUNNING, State.COMPLETED)
        return up if self.wanted else self.state is State.STOPPED


def rows(applied: Applied, observed: Observed, measured: Mapping[str, Measured]) -> tuple[InstanceStatus, ...]:
    """Return one row per instance that should exist, then those that run without being asked for."""
    wanted = [(s, i) for s in applied.services for i in range(s.instances)]
    found = [_row(s, i, applied, observed, measured.get(f"{s.name}-{i}")) for s, i in wanted]
    names = {row.unit for row in found}
    extra = [u for u in observed.units if u.unit not in names]
    return (*found, *(_stray(u, observed, measured.get(u.unit)) for u in extra))


def state_of(unit: ObservedUnit, *, probed: bool) -> State:
    """Return the state of a unit; one that has a probe is ready only when that has passed."""
    if unit.statename == "RUNNING":
        if unit.job is not None and unit.job.phase in (rolling.EMPTYING, rolling.ENDING):
            return State.DRAINING
        if not probed:
            return State.RUNNING
        return State.READY if unit.ready else State.STARTING
    if unit.statename == "FATAL" and unit.held:
        return State.HELD
    if unit.completed:
        return State.COMPLETED
    return _held_back(unit) if unit.waits else _WORDS.get(unit.statename, State.FAILED)


def _held_back(unit: ObservedUnit) -> State:
    """Return the state of what waits for another: that it will start, or why it cannot."""
    return State.FAILED if unit.blocked else State.STARTING


def _row(
    service: AppliedService, index: int, applied: Applied, observed: Observed, measured: Measured | None
) -> InstanceStatus:
    name = f"{service.name}-{index}"
    wanted = name not in applied.stopped
    unit = observed.unit(name)
    if unit is None:
        return InstanceStatus(service.name, index, service.kind, State.STOPPED, wanted, limit=service.memory)
    state = state_of(unit, probed=service.probed)
    return InstanceStatus(
        service=service.name,
        instance=index,
        kind=service.kind,
        state=state,
        wanted=wanted,
        pid=unit.pid or None,
        uptime=_uptime(unit, observed),
        memory=measured.memory if measured else None,
        limit=service.memory,
        restarts=unit.restarts,
        held_by=unit.held if state is State.HELD else None,
        reason=None if state in _SILENT else why(unit, observed.seen_at),
        memory_peak=unit.memory_peak,
        memory_usual=unit.memory_usual,
        capped=unit.memory,
    )


def why(unit: ObservedUnit, now: float) -> str | None:
    """Return why a unit is not as it should be, and when it is started again. `now`: the manager's clock."""
    if unit.waits:
        return f"{unit.waits}: {unit.blocked}" if unit.blocked else unit.waits
    if unit.statename not in ("FATAL", "BACKOFF") or unit.retry_at is None:
        return unit.reason
    again = "tried again" if unit.statename == "FATAL" else "starts again"
    return f"{unit.reason or 'it ended'}; {again} in {format_time(max(1, round(unit.retry_at - now)))}"


def _stray(unit: ObservedUnit, observed: Observed, measured: Measured | None) -> InstanceStatus:
    service, _, index = unit.unit.rpartition("-")
    return InstanceStatus(
        service=service,
        instance=int(index) if index.isdigit() else 0,
        kind="unknown",
        state=state_of(unit, probed=False),
        wanted=False,
        pid=unit.pid or None,
        uptime=_uptime(unit, observed),
        memory=measured.memory if measured else None,
        restarts=unit.restarts,
        reason="not in the applied plan",
    )


def _uptime(unit: ObservedUnit, observed: Observed) -> float | None:
    if not unit.pid or unit.started is None:
        return None
    return max(0.0, observed.seen_at - unit.started)
