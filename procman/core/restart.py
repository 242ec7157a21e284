"""What a failure leads to: start again at once, later, or not at all. Pure; the plugin in supervisord asks.

The values are named tuples: with dataclasses (and `core.manifest`) supervisord would be 1.3 MB larger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from procman.core.manifest import Restart


class Allowance(NamedTuple):
    """The fields of `manifest.Restart`, as they travel in an environment variable. Times in seconds."""

    max: int = 5
    within: float = 60.0
    delay: float = 1.0


class Decision(NamedTuple):
    """`failures`: those that still count, the new one last. `wait`: seconds until the start, None for never."""

    failures: tuple[float, ...]
    wait: float | None


def decide(failures: tuple[float, ...], now: float, policy: Restart | Allowance) -> Decision:
    """Return what follows from a failure at `now` after the earlier `failures` (seconds of one steady clock).

    The first failure within `policy.within` is followed by a start at once, later ones by one after
    `policy.delay`; more than `policy.max` of them end it.
    """
    recent = (*(then for then in failures if now - then < policy.within), now)
    if len(recent) > policy.max:
        return Decision(recent, None)
    return Decision(recent, 0.0 if len(recent) == 1 else policy.delay)


def to_text(policy: Restart | Allowance) -> str:
    """Return `policy` as ``MAX WITHIN DELAY``, the form of PROCMAN_RESTART."""
    return f"{policy.max} {policy.within!r} {policy.delay!r}"


def from_text(text: str) -> Allowance:
    """Return what `to_text` wrote; ValueError when it is something else."""
    most, within, delay = text.split(" ")
    allowance = Allowance(int(most), float(within), float(delay))
    if not (allowance.max >= 0 and 0 < allowance.within < float("inf") and 0 <= allowance.delay < float("inf")):
        raise ValueError(f"'{text}' is no restart policy")
    return allowance
