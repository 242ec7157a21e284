"""Which services wait for which, and in what order they start and stop. Pure; small, since supervisord loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

STARTED, READY, COMPLETED = "started", "ready", "completed"

Needs = tuple[tuple[str, str], ...]
"""The services that one depends on, each with how far it must have come."""


class Seen(NamedTuple):
    """How far one instance has come. `lost`: why it will not come further by itself, else an empty string."""

    unit: str
    started: bool = False
    ready: bool = False
    completed: bool = False
    lost: str = ""


class Lacking(NamedTuple):
    """What is waited for, in words, and why that is in vain; both empty when nothing is lacking."""

    waits: str = ""
    blocked: str = ""


def from_text(text: str) -> Needs:
    """Return what stands in PROCMAN_DEPENDS, ``migrate=completed db=ready``; what is no need is left out."""
    pairs = (part.partition("=") for part in text.split())
    return tuple((name, far) for name, _, far in pairs if far in (STARTED, READY, COMPLETED))


def lacking(needs: Needs, seen: Mapping[str, Sequence[Seen]]) -> Lacking:
    """Return what of `needs` is not there. One instance is enough, but for ``completed``, which means all of them."""
    for service, far in needs:
        units = seen.get(service, ())
        come = [_come(unit, far) for unit in units]
        if units and (all(come) if far == COMPLETED else any(come)):
            continue
        lost = [f"{unit.unit} {unit.lost}" for unit in units if unit.lost]
        waits = f"waits for {service} to be {far}"
        if not units:
            return Lacking(waits, f"{service} is not there")
        hopeless = lost and (far == COMPLETED or len(lost) == len(units))
        return Lacking(waits, lost[0] if hopeless else "")
    return Lacking()


def ordered(names: Iterable[str], needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return `names` in their order, but each after those it needs; a cycle is cut where it is met."""
    names = tuple(names)
    known, done = set(names), dict[str, None]()
    for name in names:
        trail = [name]
        entered = {name}
        while trail:
            open_ones = [n for n in needs.get(trail[-1], ()) if n in known and n not in done and n not in entered]
            if open_ones:
                trail.append(open_ones[0])
                entered.add(open_ones[0])
            else:
                done[trail.pop()] = None
    return tuple(done)


def stoppable(alive: Collection[str], needs: Mapping[str, Collection[str]]) -> set[str]:
    """Return those of the services `alive` that nobody alive depends on; all of them when they form a cycle."""
    needed = {other for name in alive for other in needs.get(name, ()) if other != name}
    return {name for name in alive if name not in needed} or set(alive)


def waves(alive: Collection[str], needs: Mapping[str, Collection[str]]) -> tuple[frozenset[str], ...]:
    """Return the services `alive` in the groups in which they are stopped: dependents first."""
    left, found = set(alive), []
    while left:
        now = stoppable(left, needs)
        found.append(frozenset(now))
        left -= now
    return tuple(found)


def cycle(start: str, needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return the shortest way from `start` back to itself, without its last step; empty when there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    met = set()
    for way in ways:
        for other in needs.get(way[-1], ()):
            if other == start:
                return way
            if other not in met:
                met.add(other)
                ways.append((*way, other))
    return ()


def _come(unit: Seen, far: str) -> bool:
    """Tell whether `unit` has come so far; what has completed was started, and was as ready as it will be."""
    return unit.completed or (unit.started if far == STARTED else unit.ready if far == READY else False)
