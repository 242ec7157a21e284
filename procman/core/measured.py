"""Limits beside what was measured: which are wasteful, which are about to be hit, and what to write instead. Pure.

Sizes in bytes. The margin: a proposal is the highest peak of any instance plus a quarter, in steps of 10 MiB. Only a
limit that is flagged gets one, so that the same measurement never proposes twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from procman.core.manifest import Manifest
from procman.core.observed import Observed
from procman.core.plan import Plan
from procman.core.quantity import MIB
from procman.core.values import dataclass, replace

MARGIN_PERCENT = 25
NEAR_PERCENT = 90
STEP = 10 * MIB
LEAST = 4 * STEP


class Flag(StrEnum):
    """What there is to say of a limit."""

    NEAR = "about to be hit"
    WASTEFUL = "wasteful"
    NONE = "no limit"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One service: the most any of its instances needed at once, and the highest of their medians. None: not seen."""

    service: str
    limit: int | None
    peak: int | None
    usual: int | None
    samples: int

    @property
    def flag(self) -> Flag | None:
        """Return what the measurement says of the limit; None without one."""
        if self.peak is None:
            return None
        if self.limit is None:
            return Flag.NONE
        if self.peak * 100 >= self.limit * NEAR_PERCENT:
            return Flag.NEAR
        return Flag.WASTEFUL if self.limit > 2 * margined(self.peak) else Flag.GOOD

    @property
    def proposal(self) -> int | None:
        """Return the limit to write instead; None where the one there is is good, or nothing was measured."""
        return None if self.peak is None or self.flag is Flag.GOOD else margined(self.peak)


def margined(peak: int) -> int:
    """Return `peak` with the margin, in whole steps and not below 40 MiB."""
    wanted = -(-peak * (100 + MARGIN_PERCENT) // 100)
    return max(LEAST, -(-wanted // STEP) * STEP)


def measurements(plan: Plan, observed: Observed) -> tuple[Measurement, ...]:
    """Return one row per planned service, from what the manager has seen of its instances."""
    return tuple(_row(s.name, s.memory, observed) for s in plan.services)


def with_limits(manifest: Manifest, limits: Mapping[str, int]) -> Manifest:
    """Return `manifest` with these limits in bytes, as if they were written."""
    services = tuple(replace(s, memory=limits.get(s.name, s.memory)) for s in manifest.services)
    return replace(manifest, services=services)


def proposals(rows: tuple[Measurement, ...]) -> dict[str, int]:
    """Return the limit to write for each service that needs another."""
    return {row.service: row.proposal for row in rows if row.proposal is not None}


def _row(service: str, limit: int | None, observed: Observed) -> Measurement:
    units = [u for u in observed.units if u.unit.rpartition("-")[0] == service and u.memory_peak is not None]
    return Measurement(
        service=service,
        limit=limit,
        peak=max((u.memory_peak or 0 for u in units), default=None),
        usual=max((u.memory_usual or 0 for u in units), default=None),
        samples=max((u.memory_samples for u in units), default=0),
    )
