"""Shows a plan in the form that was asked for. A form is imported when it is wanted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from procman.core.values import dataclass

if TYPE_CHECKING:
    from procman.core.measured import Measurement
    from procman.core.plan import Plan
    from procman.core.serving import Serving
    from procman.core.suggest import Suggestion
    from procman.workflow.ask import Outlook
    from procman.workflow.decide import Decision


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to show. `rows` is None when no measurement was asked for."""

    decision: Decision
    outlook: Outlook
    rows: tuple[Measurement, ...] | None = None

    @property
    def after(self) -> Plan | None:
        """Return the plan with all proposals applied; None when there are none."""
        if not self.rows:
            return None
        from procman.workflow import measuring

        return measuring.proposed(self.decision, self.rows)


def show(report: Report, form: str, *, everything: bool) -> None:
    """Write the report to stdout and, but in JSON, the findings to stderr; without a plan they are all there is."""
    if form == "json":
        _json(report)
        return
    plan = report.decision.plan
    if plan is not None:
        lines = {"markdown": _markdown, "svg": _svg}.get(form, _text)
        click.echo("\n".join(lines(report, plan, everything)))
    _talk(report)


def _text(report: Report, plan: Plan, everything: bool) -> list[str]:
    from procman.cli.action_text import action_lines
    from procman.cli.bars import marks_for
    from procman.cli.plan_text import plan_lines

    lines = plan_lines(plan, _suggested(report), marks_for(sys.stdout), everything=everything)
    actions = report.outlook.actions
    return [*lines, *_served(report), *_measured(report), *(["", *action_lines(actions)] if actions else [])]


def _served(report: Report) -> list[str]:
    """Return a line for each service that listens and runs in something known: how it gets its address and drains."""
    from textwrap import wrap

    lines = []
    for name, found in report.decision.servings().items():
        if words := str(found):
            lines += wrap(f"{name}: {words}", 78, initial_indent="  ", subsequent_indent="    ")
    return lines


def _markdown(report: Report, plan: Plan, _everything: bool) -> list[str]:
    from procman.cli.plan_markdown import markdown

    measured = _measured(report)
    block = ["", "```text", *measured[1:], "```"] if measured else []
    return [markdown(plan, report.outlook.actions, _suggested(report)), *block]


def _svg(_report: Report, plan: Plan, _everything: bool) -> list[str]:
    from procman.cli.plan_svg import svg

    return [svg(plan)]


def _measured(report: Report) -> list[str]:
    if report.rows is None:
        return []
    from procman.cli.measured_text import measured_lines

    return ["", *measured_lines(report.rows, report.after)]


def _json(report: Report) -> None:
    import json

    from procman.core.findings_json import findings_document

    document = findings_document(report.decision.findings)
    if report.decision.plan is not None:
        from procman.cli.plan_json import plan_json

        document |= plan_json(report.decision.plan, report.outlook.actions, _suggested(report))
        served = report.decision.servings()
        document["services"] = [
            row | {"serving": _serving_json(served.get(str(row["name"])))}
            for row in document["services"]  # type: ignore[attr-defined]
        ]
    document["unseen"] = report.outlook.unseen
    if report.rows is not None:
        from procman.cli.measured_text import measured_json

        document |= measured_json(report.rows, report.after)
    click.echo(json.dumps(document, indent=2))


def _serving_json(found: Serving | None) -> dict[str, object] | None:
    if found is None or found.server is None:
        return None
    return {
        "server": found.server,
        "added": list(found.added),
        "removed": list(found.removed),
        "preload": found.preload,
        "drains": found.drains,
        "fault": found.fault or None,
    }


def _talk(report: Report) -> None:
    from procman.cli import findings
    from procman.cli.console import talk

    findings.show(report.decision.findings, report.decision.loaded, sys.stderr)
    if report.outlook.unseen:
        talk(f"what runs here cannot be seen: {report.outlook.unseen}")


def _suggested(report: Report) -> tuple[Suggestion, ...]:
    from procman.core.suggest import suggestions

    plan, manifest = report.decision.plan, report.decision.manifest
    return suggestions(plan, manifest.budget) if plan and manifest else ()
