"""What `verify` asks of broker and database for each consumer, and what is kept. UNKNOWN never unlocks anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from procman.adapters import state as states
from procman.adapters.state import State
from procman.core.checks import Check, Unknown, Verdict
from procman.core.errors import Failed, WrongUse
from procman.core.expand import expand
from procman.core.manifest import Manifest, Service
from procman.core.proofs import GUARDS, KEY, SHARE, Proof, Proofs, fingerprint
from procman.core.spec import Spec
from procman.workflow import asking
from procman.workflow.decide import Choice, Decision, Refused, decide
from procman.workflow.load import Loaded, load_applied, load_file, manifest_path
from procman.workflow.observe import observe
from procman.workflow.project import check_owner, find

NAMES = ("broker", "session", "queue-limit", SHARE, KEY, "canary", "strays", "members")


@dataclass(frozen=True, slots=True)
class Asked:
    """What to verify: these services (none: every consumer), these checks (none: all), in `file` or as `applied`.

    `hand_on`: what waits for members that have failed is given to the others.
    """

    file: str | None
    services: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    applied: bool = False
    hand_on: bool = False


def checks(asked: Asked, environment: Mapping[str, str], progress: Callable[[str], None]) -> tuple[Check, ...]:
    """Return every check, and keep what was verified. WrongUse for a service that consumes nothing."""
    loaded = _loaded(asked, environment)
    decision = decide(loaded, Choice(force=True), environment)
    manifest = decision.manifest
    if manifest is None:
        raise Refused(decision.findings, loaded.source)
    state = states.state_for(manifest.project, environment)
    check_owner(state, loaded.path, environment)
    found: list[Check] = []
    for service, spec in _consumers(asked, decision, manifest, state):
        progress(f"verifying {service.name}")
        found += of_consumer(service, spec, state, asked.only, progress, hand_on=asked.hand_on)
    return tuple(found)


def of_consumer(
    service: Service,
    spec: Spec,
    state: State,
    only: tuple[str, ...],
    progress: Callable[[str], None],
    *,
    hand_on: bool = False,
) -> list[Check]:
    """Return the checks of one consumer, and keep what was verified of its guards; when that fails, it is said."""
    consumer = asking.Consumer(service, spec, observe(state), state if hand_on else None)
    found = []
    for name in only or NAMES:
        asks = asking.CHECKS[name]
        try:
            answer = asks(consumer)
        except Unknown as unknown:
            answer = Verdict.UNKNOWN, str(unknown), unknown.help
        if answer is None:
            if name not in only:
                continue
            answer = Verdict.UNKNOWN, f"'{service.name}' declares nothing that this could check", ""
        found.append(Check(service.name, name, *answer))
    try:
        _keep(service, consumer, found, state)
    except Failed as error:
        progress(f"what was verified of {service.name} is not kept, so it unlocks nothing: {error.message}")
    return found


def _loaded(asked: Asked, environment: Mapping[str, str]) -> Loaded:
    if asked.applied:
        project = find(asked.file, environment)
        if project is not None and not project.applied.down:
            return load_applied(project.applied)
    return load_file(manifest_path(asked.file, environment), environment)


def _consumers(asked: Asked, decision: Decision, manifest: Manifest, state: State) -> list[tuple[Service, Spec]]:
    names = {s.name: s for s in manifest.services if s.consumes is not None}
    for name in asked.services:
        if manifest.service(name) is None:
            raise WrongUse(f"there is no service '{name}'", f"consumers: {', '.join(names) or 'none'}")
        if name not in names:
            raise WrongUse(f"'{name}' consumes nothing", f"consumers: {', '.join(names) or 'none'}")
    if decision.plan is None or decision.facts is None:
        return []
    specs = {s.service: s for s in reversed(expand(manifest, decision.plan, decision.facts, state.folder))}
    return [(service, specs[name]) for name, service in names.items() if name in (asked.services or names)]


def _keep(service: Service, consumer: asking.Consumer, found: list[Check], state: State) -> None:
    """Keep what passed, forget what failed; what could not be asked changes nothing."""
    told = [check for check in found if check.name in GUARDS and check.verdict is not Verdict.UNKNOWN]
    if not told:
        return
    now = time.time()
    proofs = Proofs(states.read_proofs(state), now)
    wording = fingerprint(service, consumer.spec.directory)
    for check in told:
        against = consumer.against.get(check.name, "")
        proof = Proof(service.name, check.name, wording, now, against, check.evidence)
        proofs = proofs.with_verdict(proof, passed=check.verdict is Verdict.PASS)
    states.prepare(state)
    states.write_proofs(state, proofs)
