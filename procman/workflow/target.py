"""What a command wants to be true of a project: the instances, the record to keep, and how to wait for them. Pure."""

from __future__ import annotations

from procman.core.applied import Applied, AppliedService, Pairs
from procman.core.diff import Action, Do, Running, Wanted
from procman.core.facts import ServiceFacts
from procman.core.limits import hard_of
from procman.core.manifest import Instances, Ready, Service, overridden
from procman.core.plan import PlannedService
from procman.core.spec import Spec
from procman.core.values import dataclass, replace
from procman.workflow.decide import Approved
from procman.workflow.ready import Awaited


@dataclass(frozen=True, slots=True)
class Target:
    """The instances that should exist afterwards, and the record of them. `scope`: the units it is about; None: all."""

    project: str
    wanted: tuple[Wanted, ...]
    applied: Applied
    probes: tuple[tuple[str, Ready], ...] = ()
    scope: frozenset[str] | None = None

    def want(self, unit: str) -> Wanted | None:
        """Return what is wanted of `unit`, or None."""
        return next((w for w in self.wanted if w.spec.unit == unit), None)

    def awaited(self, units: set[str] | None = None) -> tuple[Awaited, ...]:
        """Return the instances that must become ready: those of `units`, or all within the scope."""
        probes = dict(self.probes)
        within = self.scope if units is None else units
        return tuple(
            Awaited(w, probes.get(w.spec.service))
            for w in self.wanted
            if w.run and (within is None or w.spec.unit in within)
        )


def target_for(approved: Approved, state: str, stopped: tuple[str, ...] = (), *, forced: bool = False) -> Target:
    """Return the target of an approved decision; `stopped` are units that the operator keeps down."""
    specs = approved.specs(state)
    down = tuple(sorted({spec.unit for spec in specs} & set(stopped)))
    record = _record(approved, down, forced=forced)
    return Target(
        project=approved.manifest.project,
        wanted=tuple(_wanted(spec, record, run=spec.unit not in down) for spec in specs),
        applied=record,
        probes=tuple((s.name, s.ready) for s in approved.manifest.services if s.ready is not None),
    )


def as_it_was(project: str, running: tuple[Running, ...], applied: Applied) -> Target:
    """Return the target that brings back what `running` says, by the specs it was started from."""
    wanted = tuple(Wanted(r.spec, r.alive, r.memory, r.hard) for r in running if r.spec is not None)
    return Target(project, wanted, applied)


def narrowed(actions: tuple[Action, ...], units: set[str]) -> tuple[Action, ...]:
    """Return `actions` with everything outside `units` left alone."""
    return tuple(
        a if a.unit in units or a.do is Do.KEEP else Action(a.service, a.instance, Do.KEEP, "not asked for")
        for a in actions
    )


def untouched(target: Target, running: tuple[Running, ...], units: set[str], scope: set[str]) -> Target:
    """Return `target` in which all but `units` is wanted just as it runs now, and nothing outside `scope` is ended."""
    now = {r.unit: r for r in running}
    wanted = []
    for want in target.wanted:
        seen = now.get(want.spec.unit)
        if want.spec.unit not in units and seen is not None and seen.spec is not None:
            wanted.append(replace(want, spec=replace(seen.spec, instances=want.spec.instances)))
        else:
            wanted.append(want)
    named = {want.spec.unit for want in wanted}
    others = (r for r in running if r.unit not in named | scope and r.spec is not None)
    wanted += [Wanted(r.spec, r.alive, r.memory, r.hard) for r in others if r.spec is not None]
    return replace(target, wanted=tuple(wanted), scope=frozenset(scope))


def _record(approved: Approved, stopped: tuple[str, ...], *, forced: bool) -> Applied:
    plan, loaded = approved.plan, approved.loaded
    return Applied(
        project=plan.project,
        path=loaded.path,
        text=loaded.source.text,
        variables=tuple(sorted(loaded.used.items())),
        env_files=tuple((name, tuple(values.items())) for name, (values, _) in loaded.env_files.items()),
        profile=plan.profile,
        scaled=overridden(approved.manifest),
        stopped=stopped,
        services=tuple(_service(s, approved.manifest.service(s.name)) for s in plan.services),
        required=plan.required,
        usable=plan.budget.usable,
        forced=forced,
        shed=approved.manifest.budget.shed,
        shown=tuple((f.code, f.message) for f in approved.warnings),
        programs=tuple((s.name, _programs(s, approved.facts.services[s.name])) for s in approved.manifest.services),
    )


def _programs(service: Service, known: ServiceFacts) -> Pairs:
    """Return where each word of the service that has no path was found, sorted."""
    probes = {"ready": service.ready, "alive": service.alive}
    found = {service.command[0]: known.executable}
    found |= {probe.command[0]: path for key, path in known.probes if (probe := probes[key]) is not None}
    return tuple(sorted((word, path) for word, path in found.items() if path and "/" not in word))


def _wanted(spec: Spec, record: Applied, *, run: bool) -> Wanted:
    known = record.service(spec.service)
    return Wanted(spec, run, known.memory, known.hard) if known else Wanted(spec, run)


def _is_probed(service: Service) -> bool:
    return bool(service.places) or (service.ready is not None and service.ready.placeless)


def _service(planned: PlannedService, written: Service | None) -> AppliedService:
    return AppliedService(
        name=planned.name,
        kind=planned.kind.value,
        instances=planned.instances,
        memory=planned.memory,
        probed=written is not None and _is_probed(written),
        hard=hard_of(planned.memory, written.hard if written else None),
        least=_least(written.instances) if written else 1,
        weight=written.weight if written else 1,
    )


def _least(instances: Instances) -> int:
    """Return the fewest instances that will do under pressure: of a fixed number, one."""
    return 1 if instances.low == instances.high else instances.low
