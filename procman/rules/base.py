"""What a rule is given and what it says. A rule sees values only: it reads no file and asks no host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from procman.core.argv import Call
from procman.core.broker_names import NOTHING as NAMELESS
from procman.core.broker_names import Known
from procman.core.carried import programs
from procman.core.diagnostics import Fix, Related, Severity
from procman.core.facts import Facts
from procman.core.manifest import Manifest, Service
from procman.core.plan import Plan
from procman.core.proofs import NOTHING, Proofs
from procman.core.source import Span
from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """What rules judge. `facts` and `plan` are None when the host is not to be asked (``--offline``).

    `proofs`: what was verified of consumers.
    """

    manifest: Manifest
    facts: Facts | None = None
    plan: Plan | None = None
    force: bool = False
    proofs: Proofs = NOTHING

    @property
    def known(self) -> Known:
        """Return what the host knows of names; nothing when it is not to be asked."""
        return self.facts.known if self.facts else NAMELESS

    def programs(self, service: Service) -> tuple[Call, ...]:
        """Return every program that starts with `service`, inside others and in the script that it names, too."""
        known = self.facts.services.get(service.name) if self.facts else None
        named = programs(("sh", "-c", known.script)) if known is not None and known.script else ()
        return (*programs(service.command), *named)


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault that a rule found; the engine stamps code, name, severity and file on it."""

    span: Span
    message: str
    help: str = ""
    related: tuple[Related, ...] = ()
    fix: Fix | None = None


class Rule(Protocol):
    """A module with these names; its docstring is the page that users read."""

    CODE: str
    NAME: str
    SEVERITY: Severity
    SINCE: str
    WHY: str

    def check(self, context: Context) -> Iterator[Problem]:
        """Yield each problem of the manifest that this rule knows."""
        ...
