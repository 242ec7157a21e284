"""When a machine is short of memory, and which instance is given up for it: the least important first. Pure.

Sizes in bytes, times in seconds of one clock, stalls in per cent of the last ten seconds (PSI, `avg10`).
"""

from __future__ import annotations

from typing import NamedTuple

SHORT_PERCENT = 5
STRAINED_PERCENT = 15
SOME_STALLED, ALL_STALLED = 20.0, 10.0
SWAPPED_PERCENT = 50
FOR_SECONDS = 3.0
EFFECT_SECONDS = 10.0
CALM_SECONDS = 60.0
CALM_STALLED = 5.0

SHED, RESTORE = "shed", "restore"


class Seen(NamedTuple):
    """The machine at one moment. `some` and `full`: how long some, or all, stalled for memory; 0 where not known."""

    total: int
    available: int
    swap: int = 0
    swap_free: int = 0
    some: float = 0.0
    full: float = 0.0


class Candidate(NamedTuple):
    """A running instance: its service's `weight`, how many run and must run, and what it needs."""

    unit: str
    number: int
    weight: int
    running: int
    least: int
    singleton: bool
    size: int


class Strain:
    """What is known of a machine's state over time."""

    __slots__ = ("acted", "calm", "short")

    def __init__(self) -> None:
        self.short: float | None = None
        self.calm: float | None = None
        self.acted: float | None = None


def shortage(seen: Seen) -> str | None:
    """Return in words what the machine is short of, or None."""
    share = seen.available * 100 / seen.total if seen.total else 100.0
    if share < SHORT_PERCENT:
        return f"{seen.available >> 20} MiB available of {seen.total >> 20} MiB"
    if share >= STRAINED_PERCENT:
        return None
    if seen.full >= ALL_STALLED or seen.some >= SOME_STALLED:
        return f"processes stalled for memory {seen.some:.0f} % of the time, {seen.available >> 20} MiB available"
    used = seen.swap - seen.swap_free
    if seen.swap and used * 100 > seen.swap * SWAPPED_PERCENT:
        return f"{used >> 20} MiB of swap in use, {seen.available >> 20} MiB available"
    return None


def judge(strain: Strain, seen: Seen, now: float, needed: int | None) -> str | None:
    """Return SHED after three seconds of shortage, RESTORE after a minute without one; None: nothing to do.

    Between two steps there are ten seconds, in which the last one can have its effect. `needed`: what the instance
    needs that would be restored, None when none was given up.
    """
    rested = strain.acted is None or now - strain.acted >= EFFECT_SECONDS
    if shortage(seen) is not None:
        strain.calm = None
        strain.short = now if strain.short is None else strain.short
        if rested and now - strain.short >= FOR_SECONDS:
            strain.acted = now
            return SHED
        return None
    strain.short = None
    room = needed is not None and (seen.available - needed) * 100 > seen.total * STRAINED_PERCENT
    if not room or seen.some > CALM_STALLED:
        strain.calm = None
        return None
    strain.calm = now if strain.calm is None else strain.calm
    if rested and now - strain.calm >= CALM_SECONDS:
        strain.acted = now
        return RESTORE
    return None


def choose(candidates: list[Candidate]) -> str | None:
    """Return the instance to give up: never a singleton, never below a service's least; None when there is none.

    The smallest weight first, of equals the largest, of a service the last instance.
    """
    able = [c for c in candidates if not c.singleton and c.running > c.least]
    if not able:
        return None
    last = max(able, key=lambda c: (-c.weight, c.size, c.unit))
    service = last.unit.rpartition("-")[0]
    return max((c for c in able if c.unit.rpartition("-")[0] == service), key=lambda c: c.number).unit


def importance(weight: int, *, singleton: bool) -> int:
    """Return the `oom_score_adj` of an instance: the consumer is ended last, services of little weight first."""
    return 0 if singleton else max(100, 300 // weight)
