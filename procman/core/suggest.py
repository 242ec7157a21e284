"""What to change when a plan does not fit: computed, and each suggestion fits once it is applied. Pure, sizes in bytes.

Each suggestion is of one kind, so that the operator can choose: fewer instances, lower limits, both where neither is
enough, a profile, more RAM. Within its kind it changes as few services as can be:

- instances: the fewest services, down to one instance each; of those, the fewest instances taken away;
- memory: the fewest services, not below half of what is written (see `floor`); one service alone is the one whose limit
  loses the smallest share; several give up the same share of what each has to give. Whole steps of 10 MiB;
- RAM: the next half GiB at which everything fits under the same reserve.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.budget import Budget, budget_for
from procman.core.manifest import BudgetRule, Kind
from procman.core.plan import Plan, PlannedService
from procman.core.quantity import GIB, MAX_SIZE, MIB, short_size
from procman.core.values import dataclass, replace

STEP = 10 * MIB
LEAST = 32 * MIB
HALF_GIB = GIB // 2


@dataclass(frozen=True, slots=True)
class Change:
    """One edit: `field` is ``instances``, ``memory``, ``profile`` or ``ram``; `service` is empty for the last two."""

    service: str
    field: str
    old: int | str | None
    new: int | str

    def __str__(self) -> str:
        """Return the edit in words: ``api 2 -> 1``, ``mqtt memory 350M -> 300M``, ``RAM 3G``."""
        match self.field:
            case "instances":
                return f"{self.service} {self.old} -> {self.new}"
            case "memory":
                return f"{self.service} memory {short_size(int(self.old or 0))} -> {short_size(int(self.new))}"
            case "ram":
                return f"RAM {ram_words(int(self.new))}"
            case _:
                return f"profile {self.new}"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Edits that make the plan fit when all of them are made, and what is required and usable then."""

    changes: tuple[Change, ...]
    required: int
    usable: int

    def __str__(self) -> str:
        """Return the edits in words."""
        return ", ".join(map(str, self.changes))


def suggestions(plan: Plan, rule: BudgetRule) -> tuple[Suggestion, ...]:
    """Return what makes `plan` fit, fewest edits first and more RAM last; nothing when it fits."""
    if plan.fits:
        return ()
    found = sorted(_edits(plan), key=lambda s: len(s.changes))
    return (*found, *_more_ram(plan, rule))


def floor(memory: int) -> int:
    """Return the lowest limit that is suggested in place of `memory`: half of it and at least 32 MiB, whole steps."""
    return min(memory, -(-max(memory // 2, LEAST) // STEP) * STEP)


def applied(services: tuple[PlannedService, ...], changes: tuple[Change, ...]) -> tuple[PlannedService, ...]:
    """Return `services` with `changes` of instances and memory made."""
    table = {s.name: s for s in services}
    for change in changes:
        if change.field == "instances":
            table[change.service] = replace(table[change.service], instances=int(change.new))
        elif change.field == "memory":
            table[change.service] = replace(table[change.service], memory=int(change.new))
    return tuple(table.values())


def ram_words(size: int) -> str:
    """Return whole and half GiB as a manifest takes them: ``3G``, ``2.5G``."""
    return f"{size // GIB}G" if size % GIB == 0 else f"{size / GIB:.1f}G"


def _edits(plan: Plan) -> Iterator[Suggestion]:
    usable = plan.budget.usable
    over = plan.required - usable
    fewer = _fewer_instances(plan.services, over)
    lower = _lower_limits(plan.services, over)
    if fewer is not None:
        yield _suggestion(plan, fewer)
    if lower is not None:
        yield _suggestion(plan, lower)
    if fewer is None and lower is None:
        both = _both(plan.services, usable)
        if both is not None:
            yield _suggestion(plan, both)
    for row in plan.profiles:
        if row.verdict.fits and row.name != plan.profile:
            yield Suggestion((Change("", "profile", plan.profile, row.name),), row.required, usable)


def _suggestion(plan: Plan, changes: tuple[Change, ...]) -> Suggestion:
    return Suggestion(changes, sum(s.required for s in applied(plan.services, changes)), plan.budget.usable)


def _fewer_instances(services: tuple[PlannedService, ...], over: int) -> tuple[Change, ...] | None:
    """Return the fewest services to run fewer of, and of these the fewest instances taken, that free `over` bytes."""
    able = [s for s in services if s.kind is Kind.SCALABLE and s.memory and s.instances > 1]
    able.sort(key=lambda s: (-_spare(s), s.name))
    alone = [(-(-over // (s.memory or 1)), s.name, s) for s in able if _spare(s) >= over]
    if alone:
        taken, _, service = min(alone, key=lambda item: item[:2])
        return (Change(service.name, "instances", service.instances, service.instances - taken),)
    chosen = _enough(able, [_spare(s) for s in able], over)
    if chosen is None:
        return None
    changes = []
    for service in sorted(chosen, key=lambda s: (-(s.memory or 0), s.name)):
        taken = min(service.instances - 1, -(-over // (service.memory or 1)))
        over -= taken * (service.memory or 0)
        if taken > 0:
            changes.append(Change(service.name, "instances", service.instances, service.instances - taken))
    return tuple(changes)


def _lower_limits(services: tuple[PlannedService, ...], over: int) -> tuple[Change, ...] | None:
    """Return the fewest services to lower the limit of that free `over` bytes, none below its floor."""
    able = [s for s in services if s.memory and _slack(s) > 0]
    able.sort(key=lambda s: (-_slack(s), s.name))
    alone = []
    for service in able:
        lowered = _lowered(service, over)
        if lowered >= floor(service.memory or 0):
            alone.append((1 - lowered / (service.memory or 1), service.name, service, lowered))
    if alone:
        _, _, service, lowered = min(alone, key=lambda item: item[:2])
        return (Change(service.name, "memory", service.memory, lowered),)
    chosen = _enough(able, [_slack(s) for s in able], over)
    if chosen is None:
        return None
    slack = sum(_slack(s) for s in chosen)
    lowered_all = [(s, max(floor(s.memory or 0), _lowered(s, over * _slack(s) // slack + 1))) for s in chosen]
    return tuple(Change(s.name, "memory", s.memory, lowered) for s, lowered in lowered_all)


def _both(services: tuple[PlannedService, ...], usable: int) -> tuple[Change, ...] | None:
    """Return one instance of everything with limits as low as needed; None when even that is too much."""
    to_one = [s for s in services if s.kind is Kind.SCALABLE and s.memory and s.instances > 1]
    fewer = tuple(Change(s.name, "instances", s.instances, 1) for s in to_one)
    rest = applied(services, fewer)
    lower = _lower_limits(rest, sum(s.required for s in rest) - usable) if fewer else None
    return None if lower is None else (*fewer, *lower)


def _enough(services: list[PlannedService], gains: list[int], over: int) -> list[PlannedService] | None:
    """Return the first of `services`, sorted by what each gains, that gain `over` together."""
    total = 0
    for count, gain in enumerate(gains, 1):
        total += gain
        if total >= over:
            return services[:count]
    return None


def _more_ram(plan: Plan, rule: BudgetRule) -> tuple[Suggestion, ...]:
    def on(halves: int) -> Budget:
        return budget_for(replace(plan.budget.machine, ram=halves * HALF_GIB), rule)

    low, high = plan.budget.machine.ram // HALF_GIB, MAX_SIZE // HALF_GIB
    if on(high).usable < plan.required:
        return ()
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if on(middle).usable >= plan.required else (middle, high)
    ram = high * HALF_GIB
    return (Suggestion((Change("", "ram", plan.budget.machine.ram, ram),), plan.required, on(high).usable),)


def _spare(service: PlannedService) -> int:
    return (service.instances - 1) * (service.memory or 0)


def _slack(service: PlannedService) -> int:
    return service.instances * ((service.memory or 0) - floor(service.memory or 0))


def _lowered(service: PlannedService, over: int) -> int:
    """Return the limit at which `service` needs `over` bytes less, in whole steps."""
    return ((service.memory or 0) - -(-over // service.instances)) // STEP * STEP
