"""How one instance is replaced, or retired, step by step. Pure; `runtime.rolling` sees and acts.

BESIDE: the replacement comes first, on the same listening socket, and the old one goes when it is ready. IN_PLACE: the
old one goes first and connections wait. ANEW: the old one goes, and the unit is made anew from the file; nobody
waits. RETIRE: no new connections, the queue runs empty, then it is stopped.
Named tuples and text instead of dataclasses and enums: supervisord carries this.
"""

from __future__ import annotations

from typing import NamedTuple

BESIDE = "beside"
IN_PLACE = "in place"
ANEW = "anew"
RETIRE = "retire"

WARMING = "warming"
CLEARING = "clearing"
LEAVING = "leaving"
PARTING = "parting"
STOPPING = "stopping"
STARTING = "starting"
EMPTYING = "emptying"
ENDING = "ending"
DONE = "done"
FAILED = "failed"

EVENTS = {
    WARMING: "replacing",
    STOPPING: "replacing",
    EMPTYING: "retiring",
    LEAVING: "took-over",
    DONE: "replaced",
    FAILED: "not-replaced",
}
"""What the history says when a phase begins; the steps between tell of themselves, as starts and ends."""

RETIRED = "retired"

START_SPARE = "start spare"
SWAP = "swap"
STOP_SPARE = "stop spare"
FORGET_SPARE = "forget spare"
STEER_AWAY = "steer away"
STOP = "stop"
START = "start"
RENEW = "renew"

QUIET_SECONDS = 1.0
"""How long a queue must have been empty: a handshake may be under way that began before the traffic left."""

PATIENCE_SECONDS = 3.0
"""How long a queue may take to run empty; a server that accepts no more would keep the operator waiting."""


class Seen(NamedTuple):
    """One slot as it is now. `main` is the process that counts, `spare` the one that comes or goes beside it.

    `ready`: the one that is waited for is; `hopeless`: why it will not become so. `seconds` in this phase, `quiet`
    seconds since a connection was last seen in the queue.
    """

    main: bool = False
    spare: bool = False
    ready: bool = False
    hopeless: str | None = None
    seconds: float = 0.0
    quiet: float = 0.0


class Step(NamedTuple):
    """The phase that follows and what is to be done on the way there; `why` a replacement failed."""

    phase: str
    act: str | None = None
    why: str | None = None


def first(way: str) -> Step:
    """Return how it begins."""
    return _FIRST[way]


def follow(phase: str, seen: Seen) -> Step:
    """Return what follows from `phase` when `seen` is so; the same phase without an act: wait."""
    return _FOLLOW[phase](seen)


def event(way: str, phase: str) -> str | None:
    """Return the event of the history that tells of `phase`, or None."""
    if way == ANEW:  # the end and the start of its processes tell it all
        return None
    return RETIRED if (way, phase) == (RETIRE, DONE) else EVENTS.get(phase)


def over(phase: str) -> bool:
    """Tell whether `phase` is an end."""
    return phase in (DONE, FAILED)


def _warming(seen: Seen) -> Step:
    if seen.hopeless is not None:
        return Step(CLEARING, STOP_SPARE, seen.hopeless)
    return Step(LEAVING, SWAP) if seen.ready else Step(WARMING)


def _clearing(seen: Seen) -> Step:
    return Step(CLEARING) if seen.spare else Step(FAILED, FORGET_SPARE)


def _leaving(seen: Seen) -> Step:
    return Step(LEAVING) if seen.spare else Step(DONE, FORGET_SPARE)


def _parting(seen: Seen) -> Step:
    # told again and again: something else may have started it once more
    return Step(PARTING, STOP) if seen.main else Step(DONE, RENEW)


def _stopping(seen: Seen) -> Step:
    return Step(STOPPING) if seen.main else Step(STARTING, START)


def _starting(seen: Seen) -> Step:
    if seen.hopeless is not None:
        return Step(FAILED, None, seen.hopeless)
    return Step(DONE) if seen.ready else Step(STARTING)


def _emptying(seen: Seen) -> Step:
    if not seen.main:
        return Step(DONE)
    if seen.quiet >= QUIET_SECONDS or seen.seconds >= PATIENCE_SECONDS:
        return Step(ENDING, STOP)
    return Step(EMPTYING)


def _ending(seen: Seen) -> Step:
    return Step(ENDING) if seen.main else Step(DONE)


_FIRST = {
    BESIDE: Step(WARMING, START_SPARE),
    IN_PLACE: Step(STOPPING, STOP),
    ANEW: Step(PARTING),
    RETIRE: Step(EMPTYING, STEER_AWAY),
}

_FOLLOW = {
    WARMING: _warming,
    CLEARING: _clearing,
    LEAVING: _leaving,
    PARTING: _parting,
    STOPPING: _stopping,
    STARTING: _starting,
    EMPTYING: _emptying,
    ENDING: _ending,
}
