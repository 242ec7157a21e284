"""What `doctor` asks of a host: who holds each singleton's lock, who runs its command, who talks to its broker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from procman.adapters import connections, locks, processes, strays
from procman.core.checks import Check, Verdict
from procman.core.expand import SERVICE_SCOPE
from procman.core.manifest import Kind, Manifest
from procman.core.members import MEMBER_SCOPE
from procman.core.mqtt import DOORS, PORT, door
from procman.core.observed import Observed
from procman.core.spec import Spec
from procman.workflow import ask, examine
from procman.workflow.load import load_applied
from procman.workflow.observe import observe
from procman.workflow.preflight import described
from procman.workflow.project import find
from procman.workflow.running import running
from procman.workflow.target import target_for

WEB = frozenset({80, 443})
"""Doors of a broker by which everything else is reached, too: who is connected there tells nothing."""


def checks(file: str | None, environment: Mapping[str, str]) -> tuple[Check, ...]:
    """Return every check of the project's singletons and of the machine: of what runs, else of the manifest."""
    project = find(file, environment)
    observed = None if project is None or project.applied.down else observe(project.state)
    if project is not None and observed is not None:
        specs = tuple(r.spec for r in running(observed, project.applied) if r.spec is not None)
        manifest, state, applied = load_applied(project.applied).manifest, project.state, project.applied
    else:
        approved, _ = ask.for_up(file, environment, profile=None, no_profile=True, keep_scale=False, force=True)
        state = ask.state_of(approved, environment)
        specs = approved.specs(state.folder)
        manifest, applied = approved.manifest, target_for(approved, state.folder).applied
        applied = replace(applied, down=project is None or project.applied.down)
    singletons = tuple(spec for spec in specs if spec.kind is Kind.SINGLETON)
    found = [_directory()]
    for spec in singletons:
        found += [_lock(spec, observed), stray_check(spec, observed), *_connections(spec, observed)]
    return (*found, *examine.checks(state, applied, observed, specs, _brokers(manifest), environment.get("HOME", "/")))


def _brokers(manifest: Manifest | None) -> dict[str, tuple[str, int]]:
    services = manifest.services if manifest else ()
    return {s.name: door(s.consumes.broker) for s in services if s.consumes is not None}


def _directory() -> Check:
    fault = locks.directory_fault()
    if fault is None:
        return Check("", "lock-directory", Verdict.PASS, f"{locks.DIRECTORY} is open to every user")
    return Check("", "lock-directory", Verdict.FAIL, f"{locks.DIRECTORY} {fault}", locks.REPAIR)


def _lock(spec: Spec, observed: Observed | None) -> Check:
    answer, reason = locks.asked(spec, _manager(observed))
    if answer == locks.UNKNOWN:
        return Check(spec.service, "lock", Verdict.UNKNOWN, reason, "run it as root: sudo procman doctor")
    if answer == locks.ANOTHER:
        return Check(spec.service, "lock", Verdict.FAIL, reason, "only one may run on a host; end the other one first")
    unit = observed.unit(spec.unit) if observed else None
    if answer in (locks.FREE, locks.OWN) and unit is not None and unit.pid and not _holds_all(spec, unit.pid):
        why = "it has closed it, a file was deleted, or an older version of procman started it"
        evidence = f"pid {unit.pid} consumes and does not hold its lock whole: {why}"
        return Check(spec.service, "lock", Verdict.FAIL, evidence, f"procman restart {spec.service}")
    said = {locks.FREE: "free", locks.OWN: f"held by pid {unit.pid if unit else '?'}, under this project's manager"}
    return Check(spec.service, "lock", Verdict.PASS, said.get(answer, "held by what a dead manager left; up ends it"))


def _holds_all(spec: Spec, pid: int) -> bool:
    return locks.guard(spec, processes.tree(pid, processes.parents())) == "lock"


def stray_check(spec: Spec, observed: Observed | None) -> Check:
    """Return whether a process outside its project runs the command of `spec` on this host."""
    found = strays.find((spec,), observed.manager_pid if observed else None)
    sure = [stray for stray in found if stray.sure]
    if sure:
        evidence = "; ".join(map(described, sure))
        return Check(spec.service, "strays", Verdict.FAIL, evidence, f"end it: {sure[0].stop}")
    if found:
        evidence = f"may run it, its directory cannot be read: {'; '.join(map(described, found))}"
        return Check(spec.service, "strays", Verdict.UNKNOWN, evidence, "run it as root: sudo procman doctor")
    return Check(spec.service, "strays", Verdict.PASS, "no process outside this project runs its command")


def _connections(spec: Spec, observed: Observed | None) -> list[Check]:
    brokers = sorted({lock.scope for lock in spec.locks if lock.scope not in (SERVICE_SCOPE, MEMBER_SCOPE)})
    return [_connected(spec, broker, observed) for broker in brokers]


def _connected(spec: Spec, broker: str, observed: Observed | None) -> Check:
    port = int(broker.rpartition(":")[2])
    seen = connections.to_port(*(DOORS - WEB if port == PORT else {port}))
    table = processes.parents()
    ours = set(processes.tree(observed.manager_pid, table)) if observed else set()
    others = [pid for pid in seen.pids if pid not in ours and not strays.managed(pid, table)]
    if others:
        who = ", ".join(f"pid {pid} ({strays.named(pid)})" for pid in others)
        evidence = f"connected to port {port} from outside procman: {who}; whether it consumes, the broker knows"
        advice = "see its subscriptions in the broker's log; a second consumer of these topics must be ended"
        return Check(spec.service, "connections", Verdict.UNKNOWN, evidence, advice)
    if seen.unknown:
        evidence = f"{seen.unknown} connections to port {port} whose process cannot be seen without root"
        return Check(spec.service, "connections", Verdict.UNKNOWN, evidence, "run it as root: sudo procman doctor")
    evidence = f"{len(seen.pids)} connections to port {port}, all from procman's process trees"
    return Check(spec.service, "connections", Verdict.PASS, evidence)


def _manager(observed: Observed | None) -> str:
    return f"{observed.manager_pid}.{observed.manager_start}" if observed else ""
