"""The decision: which instances run, with what memory, and whether that fits. Pure, deterministic."""

from __future__ import annotations

from procman.core import keys
from procman.core.budget import Budget, Verdict, judge
from procman.core.guards import held, proved
from procman.core.manifest import Instances, Kind, Manifest, Service, with_profile
from procman.core.proofs import NOTHING, Proofs
from procman.core.share import Ask, shares
from procman.core.values import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class PlannedService:
    """How many instances of a service run, and the limit of each in bytes (None: none declared).

    `held`: why it runs once although more was asked for; `verified`: what lets a consumer run more than once (see
    `core.guards`).
    """

    name: str
    kind: Kind
    instances: int
    memory: int | None
    held: str | None = None
    verified: str | None = None

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
    services: tuple[PlannedService, ...] = field(default=(), compare=False, repr=False)


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


MOST_INSTANCES = keys.MOST_INSTANCES


def make_plan(manifest: Manifest, budget: Budget, proofs: Proofs = NOTHING) -> Plan:
    """Return the plan for `manifest` (profile and scale already laid over it) on `budget`, by what was verified."""
    return Plan(
        project=manifest.project,
        profile=manifest.profile,
        budget=budget,
        services=planned(manifest.services, budget, proofs),
        profiles=compare_profiles(manifest, budget, proofs),
        scaled=manifest.scaled,
    )


def compare_profiles(manifest: Manifest, budget: Budget, proofs: Proofs = NOTHING) -> tuple[ProfileRow, ...]:
    """Return every profile against `budget`; the largest that is at least safe with swap is recommended."""
    rows = []
    for profile in manifest.profiles:
        services = planned(with_profile(manifest, profile.name).services, budget, proofs)
        required = sum(s.required for s in services)
        rows.append(ProfileRow(profile.name, profile.ram, required, judge(required, budget), services=services))
    safe = [row for row in rows if row.verdict.recommended]
    best = max(safe, key=lambda row: row.required, default=None)
    return tuple(replace(row, recommended=row is best) for row in rows)


def planned(services: tuple[Service, ...], budget: Budget, proofs: Proofs = NOTHING) -> tuple[PlannedService, ...]:
    """Return the instances of each service: fixed counts as written, open ones by the rule of `core.share`.

    An open count grows into 80 % of the usable RAM, so that it never makes a plan tight by itself. Without a maximum of
    its own a service gets at most one instance per core, where the cores are known. An undeclared limit never grows.
    Here, and nowhere else, a consumer whose guards are not verified is held at one.
    """
    reasons = {s.name: held(s, proofs) for s in services}
    unlocked = {s.name: proved(s, proofs) for s in services if s.instances != Instances()}
    services = tuple(replace(s, instances=Instances()) if reasons[s.name] else s for s in services)
    asks = tuple(_ask(s, budget) for s in services if s.memory and s.kind is Kind.SCALABLE and _is_open(s.instances))
    room = budget.usable * 80 // 100 - sum((s.memory or 0) * s.instances.low for s in services)
    counts = shares(asks, room)
    return tuple(
        PlannedService(
            s.name,
            s.kind,
            counts.get(s.name, s.instances.low),
            s.memory,
            reasons[s.name],
            unlocked.get(s.name) if s.kind is Kind.SCALABLE else None,
        )
        for s in services
    )


def _is_open(instances: Instances) -> bool:
    return instances.high is None or instances.high > instances.low


def _ask(service: Service, budget: Budget) -> Ask:
    low, high = service.instances.low, service.instances.high
    most = budget.machine.cores or MOST_INSTANCES
    return Ask(service.name, service.memory or 0, low, max(low, most) if high is None else high, service.weight)
