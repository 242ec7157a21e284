"""How a manifest that was made from something else is spoken of: its services, and what rules and budget say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procman.cli.console import talk
from procman.core.words import counted

if TYPE_CHECKING:
    from procman.core.imports.draft import Draft
    from procman.workflow.decide import Decision


def summary(services: tuple[Draft, ...]) -> str:
    """Return the services in one line: ``api (scalable), mqtt (singleton)``."""
    return ", ".join(f"{draft.name} ({draft.kind.value})" for draft in services)


def show_verdict(decision: Decision, path: str) -> int:
    """Say whether the manifest is without errors and fits here; return 1 when it has errors."""
    from procman.core.diagnostics import errors

    faults = errors(decision.findings)
    for finding in faults:
        talk(f"{finding.file}:{finding.span.line}: {finding.code} {finding.message}")
    others = len(decision.findings) - len(faults)
    if faults or decision.plan is None:
        talk(f"not ready: {counted(len(faults), 'error')}; see procman validate {path}")
        return 1
    said = f"; {counted(others, 'finding')} to look at with procman validate" if others else ""
    talk(f"no errors, and the plan fits this machine{said}" if decision.plan.fits else f"the plan does not fit{said}")
    return 0
