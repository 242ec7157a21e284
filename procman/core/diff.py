"""From what runs to what should: the actions, each with its reason. Decides; doing is the workflow's job."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from procman.core.spec import Spec, differences


class Do(StrEnum):
    """One step from observed to plan."""

    START = "start"
    STOP = "stop"
    REPLACE = "replace"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Action:
    """One step for one instance; `reason` says why in words and never holds a secret's value."""

    service: str
    instance: int
    do: Do
    reason: str

    @property
    def unit(self) -> str:
        """Return the name of the instance: ``api-0``."""
        return f"{self.service}-{self.instance}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An instance that should exist. `run` is False when the operator stopped it."""

    spec: Spec
    run: bool = True
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """An instance the manager knows. `alive`: its process runs or is being started; `spec` None: not readable."""

    unit: str
    service: str
    instance: int
    alive: bool
    state: str
    spec: Spec | None
    memory: int | None = None


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
    """Return those of `actions` that do something."""
    return tuple(a for a in actions if a.do is not Do.KEEP)


def _action(want: Wanted, now: Running | None) -> Action:
    service, instance = want.spec.service, want.spec.instance
    if not want.run:
        if now is not None and now.alive:
            return Action(service, instance, Do.STOP, "stopped by the operator")
        return Action(service, instance, Do.KEEP, "stopped by the operator")
    if now is None:
        return Action(service, instance, Do.START, "not running")
    changed = _changed(want.spec, now.spec)
    if changed:
        return Action(service, instance, Do.REPLACE if now.alive else Do.START, changed)
    if not now.alive:
        return Action(service, instance, Do.START, f"was {now.state}")
    return Action(service, instance, Do.KEEP, _kept(want, now))


def _changed(new: Spec, old: Spec | None) -> str:
    if old is None:
        return "what it was started with cannot be read"
    said = differences(old, new)
    return f"changed: {', '.join(said)}" if said else ""


def _kept(want: Wanted, now: Running) -> str:
    if want.memory == now.memory or now.memory is None:
        return "unchanged"
    return "unchanged; new memory limit, no restart needed"
