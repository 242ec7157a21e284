"""From what runs to what should: the actions, each with its reason. Decides; doing is the workflow's job."""

from __future__ import annotations

from enum import StrEnum

from procman.core.changes import FieldChange, hard, memory
from procman.core.limits import hard_of
from procman.core.spec import Spec, compared
from procman.core.values import dataclass, field


class Do(StrEnum):
    """One step from observed to plan."""

    START = "start"
    STOP = "stop"
    REPLACE = "replace"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Action:
    """One step for one instance; `reason` says why in words and never holds a secret's value.

    `changes`: what differs, field by field. A kept instance can have some that need no restart.
    """

    service: str
    instance: int
    do: Do
    reason: str
    changes: tuple[FieldChange, ...] = field(default=(), compare=False)

    @property
    def unit(self) -> str:
        """Return the name of the instance: ``api-0``."""
        return f"{self.service}-{self.instance}"

    @property
    def restarts(self) -> bool:
        """Tell whether a running process is ended for another."""
        return self.do is Do.REPLACE

    @property
    def updates(self) -> bool:
        """Tell whether something changes while the process keeps running."""
        return self.do is Do.KEEP and bool(self.changes)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An instance that should exist. `run` is False when the operator stopped it."""

    spec: Spec
    run: bool = True
    memory: int | None = None
    hard: int | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """An instance the manager knows. `alive`: its process runs or is being started; `spec` None: not readable.

    `limited`: what `memory` and `hard` say is on record, so that None means no limit.
    """

    unit: str
    service: str
    instance: int
    alive: bool
    state: str
    spec: Spec | None
    memory: int | None = None
    limited: bool = False
    hard: int | None = None


def diff(wanted: tuple[Wanted, ...], running: tuple[Running, ...]) -> tuple[Action, ...]:
    """Return the actions that lead from `running` to `wanted`: stops first, then in the order of `wanted`."""
    known = {r.unit: r for r in running}
    names = {w.spec.unit for w in wanted}
    services = {w.spec.service for w in wanted}
    gone = [r for r in running if r.unit not in names]
    stops = [
        Action(
            r.service,
            r.instance,
            Do.STOP,
            "fewer instances wanted" if r.service in services else "not wanted",
        )
        for r in sorted(gone, key=lambda r: (r.service, -r.instance))
    ]
    return (*stops, *(_action(w, known.get(w.spec.unit)) for w in wanted))


def changes(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """Return those of `actions` that start or end a process."""
    return tuple(a for a in actions if a.do is not Do.KEEP)


def _action(want: Wanted, now: Running | None) -> Action:
    service, instance = want.spec.service, want.spec.instance
    if not want.run:
        do = Do.STOP if now is not None and now.alive else Do.KEEP
        return Action(service, instance, do, "stopped by the operator")
    if now is None:
        return Action(service, instance, Do.START, "not running")
    if now.spec is None:
        return Action(service, instance, _anew(now), "what it was started with cannot be read")
    return _compared(want, now, compared(now.spec, want.spec))


def _compared(want: Wanted, now: Running, found: tuple[FieldChange, ...]) -> Action:
    limit = _limit(want, now)
    do, reason = Do.KEEP, "unchanged; new memory limit, no restart needed" if limit else "unchanged"
    if found:
        do, reason = _anew(now), f"changed: {', '.join(change.field for change in found)}"
    elif not now.alive:
        do, reason = Do.START, f"was {now.state}"
    return Action(want.spec.service, want.spec.instance, do, reason, (*found, *limit))


def _anew(now: Running) -> Do:
    return Do.REPLACE if now.alive else Do.START


def _limit(want: Wanted, now: Running) -> tuple[FieldChange, ...]:
    known = now.limited or now.memory is not None
    soft = (memory(now.memory, want.memory),) if known and want.memory != now.memory else ()
    follows = now.hard == hard_of(now.memory, None) and want.hard == hard_of(want.memory, None)
    differs = now.limited and want.hard != now.hard and not (soft and follows)
    return (*soft, hard(now.hard, want.hard)) if differs else soft
