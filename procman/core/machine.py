"""The machine that a plan is made for, and how its figures follow from what was read of it. All sizes in bytes."""

from __future__ import annotations

from procman.core.quantity import MIB
from procman.core.values import dataclass

STEP = 64 * MIB
"""What other processes need is rounded up to this, so that a plan made twice is the same plan."""


@dataclass(frozen=True, slots=True)
class Machine:
    """RAM and swap of a machine; `source` says where the figure comes from. None: not known, as with ``--ram``.

    `others`: what processes outside the project need now, rounded up; `available`: what could be had at this moment;
    `hugepages`: RAM that is taken away for huge pages and no part of `ram`; `cores`: what may run at once.
    """

    ram: int
    swap: int | None
    source: str
    swap_used: int | None = None
    others: int | None = None
    available: int | None = None
    hugepages: int = 0
    cores: int | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """One bound on the RAM of the project: the machine itself, a cgroup around us, or what the manifest grants.

    `used` counts everything below the bound that cannot be taken back at once; file cache that can does not count.
    """

    limit: int
    used: int
    source: str


def named(ram: int, option: str) -> Machine:
    """Return a machine of `ram` bytes of which nothing else is known; `option` is who named it."""
    return Machine(ram=ram, swap=None, source=option)


def bounded(here: Machine, levels: tuple[Level, ...], ours: int) -> Machine:
    """Return `here` under `levels`; `ours` is what this project uses now, which is no need of others.

    The RAM is the tightest limit. Others need what keeps the project from using all of that: on each level the limit
    less what others use there can be ours at most, and the tightest level decides.
    """
    tight = min(levels, key=lambda level: level.limit)
    reachable = min(level.limit - max(0, level.used - ours) for level in levels)
    return Machine(
        ram=tight.limit,
        swap=here.swap,
        source=tight.source,
        swap_used=here.swap_used,
        others=min(tight.limit, -(-max(0, tight.limit - reachable) // STEP) * STEP),
        available=max(0, min(level.limit - level.used for level in levels)),
        hugepages=here.hugepages,
        cores=here.cores,
    )
