"""The machine that a plan is made for. All sizes in bytes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """RAM and swap of a machine; `source` says where the figure comes from.

    `swap` is None when it is not known, as for a machine that was only named by ``--ram``.
    """

    ram: int
    swap: int | None
    source: str


def named(ram: int, option: str) -> Machine:
    """Return a machine of `ram` bytes of which nothing else is known; `option` is who named it."""
    return Machine(ram=ram, swap=None, source=option)
