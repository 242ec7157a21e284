"""How a manifest that was made from something else is spoken of: its services, and what rules and budget say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procman.cli.console import talk
from procman.core.words import counted

if TYPE_CHECKING:
    from procman.core.imports.draft import Draft
    from procman.workflow.decide import Decision
    from procman.workflow.first import First


def summary(services: tuple[Draft, ...]) -> str:
    """Return the services in one line: ``api (scalable), mqtt (singleton)``."""
    return ", ".join(f"{draft.name} ({draft.kind.value})" for draft in services)


def document(found: First) -> dict[str, object]:
    """Return a first manifest as scripts read it."""
    rows = [{"service": d.name, "kind": d.kind.value, "reasons": list(d.reasons)} for d in found.services]
    return {"source": found.source, "manifest": found.text, "services": rows, "notes": list(found.notes)}


HOST = "PM02"
"""What this host lacks: programs, folders, users. The manifest may be for another one."""
BUDGET = "PM101"


def show_verdict(decision: Decision, path: str) -> int:
    """Say whether the manifest is good and fits this machine; return 1 when it has errors of its own."""
    from procman.core.diagnostics import errors

    faults = errors(decision.findings)
    for finding in faults:
        talk(f"{finding.file}:{finding.span.line}: {finding.code} {finding.message}")
    own = [finding for finding in faults if not finding.code.startswith((HOST, BUDGET))]
    if own or decision.plan is None:
        talk(f"not ready: {counted(len(own), 'error')}; see procman validate {path}")
        return 1
    others = len(decision.findings) - len(faults)
    said = f"; {counted(others, 'finding')} to look at with procman validate" if others else ""
    here = "" if len(faults) == 0 or not decision.plan.fits else ", but for what this host lacks"
    fits = "the plan fits this machine" if decision.plan.fits else "the plan does not fit this machine"
    talk(f"the manifest is good{here}, and {fits}{said}")
    return 0
