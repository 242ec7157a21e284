"""Second and third step: what was loaded, and what was asked for, become a checked plan and the instances of it.

Only `approve` makes an Approved, and only an Approved can be applied: no command walks past a rule.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from procman.core.budget import budget_for
from procman.core.diagnostics import Finding, by_place, errors
from procman.core.errors import ProcmanError, WrongUse
from procman.core.facts import Facts, Former
from procman.core.machine import Machine, named
from procman.core.manifest import Kind, Manifest, with_profile, with_scale
from procman.core.plan import Plan, make_plan
from procman.core.proofs import NOTHING, Proofs
from procman.core.source import Source
from procman.core.values import dataclass, field
from procman.rules import engine
from procman.rules.base import Context
from procman.workflow.load import Loaded

if TYPE_CHECKING:
    from procman.core.serving import Serving
    from procman.core.spec import Spec

DECLARED = "budget.ram"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a command asks for beyond the file. `ram`: bytes of another machine; `offline`: ask nothing of this host.

    `kept`: services that have company already: what was verified of them does not grow old. `former`: where their
    programs were found the last time.
    """

    profile: str | None = None
    scale: Mapping[str, int] = field(default_factory=dict)
    ram: int | None = None
    force: bool = False
    offline: bool = False
    kept: frozenset[str] = frozenset()
    former: Former = field(default_factory=Former)


@dataclass(frozen=True, slots=True)
class Decision:
    """A manifest with everything that is known and decided about it. `plan` is None when there is no manifest."""

    loaded: Loaded
    manifest: Manifest | None
    plan: Plan | None
    facts: Facts | None
    findings: tuple[Finding, ...]
    proofs: Proofs = NOTHING

    def servings(self) -> dict[str, Serving]:
        """Return how each service that listens comes to its address."""
        from procman.core.serving import serving  # noqa: PLC0415 - for those who show it

        known = self.facts.services if self.facts is not None else {}
        found = {}
        for service in self.manifest.services if self.manifest is not None else ():
            fact = known.get(service.name)
            interpreter, reachable = (fact.interpreter, fact.preloads_readable) if fact else (None, True)
            if service.places:
                found[service.name] = serving(service, interpreter, reachable=reachable)
        return found


@dataclass(frozen=True, slots=True)
class Approved:
    """A decision without errors: the only thing that can be rendered or applied."""

    loaded: Loaded
    manifest: Manifest
    plan: Plan
    facts: Facts
    warnings: tuple[Finding, ...] = ()

    def specs(self, state: str) -> tuple[Spec, ...]:
        """Return the instances of the plan; `state` is the state directory they will know."""
        from procman.core.expand import expand  # noqa: PLC0415 - for what is applied; `validate` stops before

        return expand(self.manifest, self.plan, self.facts, state)


class Refused(ProcmanError):
    """The manifest has errors; nothing was done."""

    def __init__(self, findings: tuple[Finding, ...], source: Source) -> None:
        count = len(errors(findings))
        super().__init__(f"refused: {count} error{'s' if count != 1 else ''} in {source.name}")
        self.findings = findings
        self.source = source


def decide(loaded: Loaded, choice: Choice, environment: Mapping[str, str]) -> Decision:
    """Return what `loaded` and `choice` come to: plan and findings. WrongUse for an unknown profile or service."""
    if loaded.manifest is None:
        return Decision(loaded, None, None, None, by_place(list(loaded.findings)))
    manifest = _chosen(loaded.manifest, choice)
    proofs = NOTHING if choice.offline else _proofs(manifest, choice, environment)
    plan = None
    if choice.ram is not None or manifest.budget.ram is not None or not choice.offline:
        plan = make_plan(manifest, budget_for(_machine(manifest, choice, environment), manifest.budget), proofs)
    facts = None
    if not choice.offline:
        from procman.adapters import host  # noqa: PLC0415 - a check that asks nothing of this host loads none of it

        facts = host.facts(manifest, loaded.env_files, environment.get("PATH", ""), choice.former)
    asked = facts if choice.ram is None else None
    found = engine.run(Context(manifest, asked, plan, choice.force, proofs))
    return Decision(loaded, manifest, plan, facts, by_place([*loaded.findings, *found]), proofs)


def approve(decision: Decision) -> Approved:
    """Return `decision` as one that may be applied; Refused when it has errors."""
    faults = errors(decision.findings)
    if faults or decision.manifest is None or decision.plan is None or decision.facts is None:
        raise Refused(decision.findings, decision.loaded.source)
    return Approved(decision.loaded, decision.manifest, decision.plan, decision.facts, decision.findings)


def recommended(decision: Decision) -> str | None:
    """Return the profile that the plan recommends, or None."""
    rows = decision.plan.profiles if decision.plan else ()
    return next((row.name for row in rows if row.recommended), None)


def _chosen(manifest: Manifest, choice: Choice) -> Manifest:
    if choice.profile is not None:
        names = [p.name for p in manifest.profiles]
        if choice.profile not in names:
            raise WrongUse(f"there is no profile '{choice.profile}'", _meant(choice.profile, names, "profiles"))
        manifest = with_profile(manifest, choice.profile)
    if choice.scale:
        names = [s.name for s in manifest.services]
        for name in choice.scale:
            if name not in names:
                raise WrongUse(f"there is no service '{name}'", _meant(name, names, "services"))
        manifest = with_scale(manifest, dict(choice.scale))
    return manifest


def _proofs(manifest: Manifest, choice: Choice, environment: Mapping[str, str]) -> Proofs:
    """Return what was verified on this host of the consumers of `manifest`; read only when one could have company."""
    if not any(s.kind is Kind.SCALABLE and s.consumes is not None for s in manifest.services):
        return NOTHING
    from procman.adapters import state  # noqa: PLC0415 - as with `host`

    try:
        found = state.read_proofs(state.state_for(manifest.project, environment))
    except WrongUse:  # no state directory is possible there, so nothing was verified; `up` says so
        return NOTHING
    return Proofs(found, time.time(), choice.kept, manifest.base)


def _machine(manifest: Manifest, choice: Choice, environment: Mapping[str, str]) -> Machine:
    if choice.ram is not None:
        return named(choice.ram, "--ram")
    declared = manifest.budget.ram
    if declared is not None and choice.offline:
        return named(declared, DECLARED)
    from procman.adapters import machine  # noqa: PLC0415 - as with `host`
    from procman.workflow import own  # noqa: PLC0415 - same

    # A service of the project may ask, as `verify --watch` does: its own hard limit is not the machine's.
    ours = environment.get("PROCMAN_PROJECT") == manifest.project
    manager = environment.get("PROCMAN_MANAGER", "").partition(".")[0] if ours else ""
    return machine.this_machine(own.memory(manifest.project, environment), declared, manager=manager)


def _meant(word: str, names: list[str], what: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - for wrong use alone

    close = get_close_matches(word, names, 1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"{what}: {', '.join(names)}" if names else f"the manifest has no {what}"
