"""When an instance has too much memory: what is to be done about it, from what was measured. Pure.

Sizes in bytes, times in seconds of one clock. A state machine per instance: calm, warned, over its limit.
"""

from __future__ import annotations

WARN_PERCENT = 90
CALM_PERCENT = 80
OVER_SECONDS = 0.5
PAUSE_SECONDS = 30.0
OFTEN = 3
OFTEN_SECONDS = 180.0
KEPT = 16

WARN, CALM, REPLACE, RESTART = "warn", "calm", "replace", "restart"
"""What `judge` says: it comes near its limit, it has gone down again, replace it gracefully, end it at once."""

GRAVE = (REPLACE, RESTART)
"""Those of which `confirmed` has the last word."""


class Watched:
    """What is known of one instance. `replaced`: when it was replaced for its memory, the newest last.

    `close`: it has four fifths of its limit or more, or grows so fast that it has its limit two looks from now; it is
    to be looked at more often. `size` is what it had at the last look.
    """

    __slots__ = ("close", "over", "replaced", "size", "warned")

    def __init__(self) -> None:
        self.over: float | None = None
        self.close = self.warned = False
        self.size = 0
        self.replaced: tuple[float, ...] = ()


def judge(watched: Watched, size: int, soft: int, hard: int | None, now: float) -> str | None:
    """Return what is to be done about an instance of `size`, and keep it in mind; None: nothing new.

    Over its limit for half a second it is replaced. One that came from a replacement is left alone for 30 s, else a
    limit that is too low would replace it without end; over the hard limit nothing is waited for.
    """
    much = size * 100 >= soft * CALM_PERCENT
    watched.close, watched.size = much or size + 2 * (size - watched.size) >= soft, size
    if not much:
        watched.over = None
        calmed, watched.warned = watched.warned, False
        return CALM if calmed else None
    if hard is not None and size > hard:
        return RESTART
    if size <= soft:
        watched.over = None
    elif _due(watched, now):
        return REPLACE
    if size * 100 >= soft * WARN_PERCENT and not watched.warned:
        watched.warned = True
        return WARN
    return None


def confirmed(watched: Watched, exact: int, soft: int, hard: int | None, now: float) -> bool:
    """Tell whether what `judge` has found grave is so by the `exact` size, too.

    A large process is judged by all that it can reach, and what several share is then counted once for each.
    """
    if exact <= soft:
        watched.over = None
        return False
    return (hard is not None and exact > hard) or _due(watched, now)


def replaced(watched: Watched, now: float) -> bool:
    """Keep in mind that an instance is replaced for its memory; tell whether that comes too often."""
    watched.replaced = (*watched.replaced, now)[-KEPT:]
    watched.over, watched.warned = None, False
    return often(watched, now)


def often(watched: Watched, now: float) -> bool:
    """Tell whether an instance was replaced for its memory about every minute."""
    return sum(now - at < OFTEN_SECONDS for at in watched.replaced) >= OFTEN


def _due(watched: Watched, now: float) -> bool:
    """Keep in mind that it is over its limit; tell whether it has been for long enough, and may be replaced again."""
    watched.over = now if watched.over is None else watched.over
    rests = bool(watched.replaced) and now - watched.replaced[-1] < PAUSE_SECONDS
    return now - watched.over >= OVER_SECONDS and not rests
