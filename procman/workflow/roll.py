"""Instances are replaced one after another without losing a connection: the manager's plugin does it, this watches.

The replacement starts beside the old process, on the same held socket, where there is memory for both; else the old one
goes first and connections wait in the socket.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from procman.adapters import machine, supervisor_rpc
from procman.adapters.state import State
from procman.core import rolling
from procman.core.diff import Action, Do
from procman.core.errors import Failed
from procman.core.manifest import Kind
from procman.core.observed import Job, Observed
from procman.core.quantity import format_size
from procman.core.values import dataclass
from procman.workflow.ready import POLL, Progress, last_lines
from procman.workflow.target import Target

T = TypeVar("T")

_OTHERS_END_WITHIN = 120.0
"""Seconds for a replacement that the manager began by itself: its start, and the end of what it replaces."""

_WORDS = {
    rolling.WARMING: "replacing: the new one starts beside it",
    rolling.CLEARING: "ending the replacement",
    rolling.LEAVING: "the replacement is ready and has the traffic; the old one ends",
    rolling.DONE: "replaced",
}
_WAY = (rolling.WARMING, rolling.LEAVING, rolling.DONE)
"""What a replacement goes through that becomes ready."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How instances are replaced: `beside` the old ones where that can be, at most `parallel` at a time."""

    beside: bool = True
    parallel: int = 1


ROLLING = Pace()


def rollable(action: Action, target: Target, observed: Observed) -> bool:
    """Tell whether the instance of `action` may run twice for a while, on one held socket."""
    want, unit = target.want(action.unit), observed.unit(action.unit)
    if action.do is not Do.REPLACE or want is None or unit is None:
        return False
    spec = want.spec
    holds = unit.slot_inode is not None and unit.statename in ("RUNNING", "STARTING")
    return spec.kind is Kind.SCALABLE and not spec.locks and bool(spec.places) and not spec.binds and holds


def room(target: Target, memory: int | None, parallel: int) -> tuple[int, str]:
    """Return how many more instances of `memory` bytes there is room for, at most `parallel`, and why not more.

    The budget is asked as for every instance that stays, and then the machine: what it has now.
    """
    if not memory:
        return parallel, ""
    free = target.applied.usable - target.applied.required
    if free < memory * parallel:
        why = f"another instance needs {format_size(memory)}, and the budget has {format_size(max(0, free))} left"
        return max(0, free // memory), why
    available = machine.this_machine().available or 0
    why = f"another instance may need {format_size(memory)}, and this machine has {format_size(available)} available"
    return min(parallel, available // memory), why


def roll(state: State, units: list[str], reason: str, parallel: int, progress: Progress) -> None:
    """Replace `units` in this order by what the manager's file says, `parallel` at a time.

    Failed with the first replacement that does not become ready: its old process goes on serving, and nothing more is
    begun.
    """
    client = supervisor_rpc.Client(state.socket, told=lambda words: progress("", words))
    left, active = list(units), dict[str, Job]()
    failed: dict[str, str | None] = {}
    began: dict[str, float] = {}
    while active or (left and not failed):
        while left and len(active) < parallel and not failed:
            unit = left.pop(0)
            began[unit] = time.monotonic()
            active[unit] = Job(insist(client.replace, unit, reason), "", reason)
        time.sleep(POLL)
        observed = client.status()
        for unit, before in list(active.items()):
            seen = observed.unit(unit)
            now = seen.job if seen is not None and seen.job is not None else Job(before.number, rolling.FAILED, reason)
            active[unit] = now
            for phase in _passed(before.phase, now.phase):
                _tell(unit, phase, time.monotonic() - began[unit], progress)
            if rolling.over(now.phase):
                del active[unit]
            if now.phase == rolling.FAILED:
                failed[unit] = now.why
    if failed:
        each = [f"{unit} was not replaced: its replacement {why or 'is gone'}" for unit, why in failed.items()]
        old = "process goes" if len(failed) == 1 else "processes go"
        rest = f"; not tried: {', '.join(left)}" if left else ""
        message = f"{'; '.join(each)}; the old {old} on serving{rest}"
        raise Failed(message, "\n".join(last_lines(state, unit) for unit in failed))


def insist(call: Callable[..., T], *arguments: str | list[str]) -> T:
    """Return what `call` gives, once no replacement that the manager has begun meanwhile, for memory, is in its way."""
    deadline = time.monotonic() + _OTHERS_END_WITHIN
    while True:
        try:
            return call(*arguments)
        except supervisor_rpc.Fault as fault:
            if fault.code != supervisor_rpc.STILL_RUNNING or time.monotonic() > deadline:
                raise
        time.sleep(POLL)


def under_way(observed: Observed) -> list[str]:
    """Return the instances that are being replaced or retired."""
    return [u.unit for u in observed.units if u.job is not None and not rolling.over(u.job.phase)]


def settle(state: State, progress: Progress, patience: float) -> None:
    """Wait until no replacement is under way: what is not ready yet is called off, what is takes over."""
    client = supervisor_rpc.Client(state.socket, told=lambda words: progress("", words))
    deadline = time.monotonic() + patience
    told: set[str] = set()
    while busy := under_way(client.status()):
        for unit in set(busy) - told:
            progress(unit, "ending the replacement under way")
            client.call_off(unit)
        told.update(busy)
        if time.monotonic() > deadline:
            raise Failed(f"the replacement of {busy[0]} does not end", "procman status shows what it does")
        time.sleep(POLL)


def _passed(before: str, now: str) -> tuple[str, ...]:
    """Return the phases from `before` to `now`: what is short may be over between two looks."""
    if now in _WAY and before in ("", *_WAY):
        return _WAY[_WAY.index(before) + 1 if before else 0 : _WAY.index(now) + 1]
    return (now,) if now != before else ()


def _tell(unit: str, phase: str, seconds: float, progress: Progress) -> None:
    words = _WORDS.get(phase)
    if words is not None:
        progress(unit, f"{words} after {seconds:.1f} s" if phase == rolling.DONE else words)
