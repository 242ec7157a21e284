"""The decision: which instances run, with what memory, and whether that fits. Pure, deterministic."""

from __future__ import annotations

from dataclasses import dataclass

from procman.core.budget import Budget, Verdict, judge
from procman.core.manifest import Instances, Kind, Manifest, Service, with_profile


@dataclass(frozen=True, slots=True)
class PlannedService:
    """How many instances of a service run, and the limit of each in bytes (None: none declared)."""

    name: str
    kind: Kind
    instances: int
    memory: int | None

    @property
    def required(self) -> int:
        """Return the bytes that all instances may use together; an undeclared limit counts as nothing."""
        return self.instances * (self.memory or 0)


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One profile, measured against the same budget. `recommended` is true for at most one."""

    name: str
    ram: int | None
    required: int
    verdict: Verdict
    recommended: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What will run on `budget`. `profile` is None for the services as written."""

    project: str
    profile: str | None
    budget: Budget
    services: tuple[PlannedService, ...]
    profiles: tuple[ProfileRow, ...]
    scaled: tuple[tuple[str, int], ...] = ()

    @property
    def required(self) -> int:
        """Return the sum of all limits in bytes."""
        return sum(s.required for s in self.services)

    @property
    def verdict(self) -> Verdict:
        """Return what the sum means on the budget."""
        return judge(self.required, self.budget)

    @property
    def fits(self) -> bool:
        """Tell whether this may start without ``--force``."""
        return self.verdict.fits

    def count(self, name: str) -> int:
        """Return the planned instances of a service; 0 when it is not planned."""
        return next((s.instances for s in self.services if s.name == name), 0)


def make_plan(manifest: Manifest, budget: Budget) -> Plan:
    """Return the plan for `manifest` (profile and scale already laid over it) on `budget`."""
    return Plan(
        project=manifest.project,
        profile=manifest.profile,
        budget=budget,
        services=planned(manifest.services, budget),
        profiles=compare_profiles(manifest, budget),
        scaled=manifest.scaled,
    )


def compare_profiles(manifest: Manifest, budget: Budget) -> tuple[ProfileRow, ...]:
    """Return every profile against `budget`; the largest that is at least safe with swap is recommended."""
    rows = []
    for profile in manifest.profiles:
        services = planned(with_profile(manifest, profile.name).services, budget)
        required = sum(s.required for s in services)
        rows.append(ProfileRow(profile.name, profile.ram, required, judge(required, budget)))
    safe = [row for row in rows if row.verdict.recommended]
    best = max(safe, key=lambda row: row.required, default=None)
    return tuple(ProfileRow(r.name, r.ram, r.required, r.verdict, recommended=r is best) for r in rows)


def planned(services: tuple[Service, ...], budget: Budget) -> tuple[PlannedService, ...]:
    """Return the instances of each service: the fixed counts first, then what a range or ``auto`` may add.

    A range starts at its lower bound; while one more instance of some service still fits into 80 % of the usable
    RAM, the service with the fewest instances so far gets it (ties by name), so the order of the file does not
    matter. ``auto`` starts at one and is bounded by the RAM alone; an undeclared limit never grows.
    """
    counts = {s.name: s.instances.low for s in services}
    room = budget.usable * 80 // 100 - sum((s.memory or 0) * counts[s.name] for s in services)
    growing = [s for s in services if s.memory and s.kind is Kind.SCALABLE and _may_grow(s.instances, counts[s.name])]
    while growing:
        growing = [s for s in growing if (s.memory or 0) <= room and _may_grow(s.instances, counts[s.name])]
        if growing:
            service = min(growing, key=lambda s: (counts[s.name], s.name))
            counts[service.name] += 1
            room -= service.memory or 0
    return tuple(PlannedService(s.name, s.kind, counts[s.name], s.memory) for s in services)


MOST_INSTANCES = 256


def _may_grow(instances: Instances, count: int) -> bool:
    return count < (MOST_INSTANCES if instances.high is None else instances.high)
