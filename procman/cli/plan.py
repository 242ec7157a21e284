"""`procman plan`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from procman.cli.options import Size, environment, file_option

if TYPE_CHECKING:
    from procman.core.diff import Action
    from procman.workflow.ask import Outlook
    from procman.workflow.decide import Decision

EXIT_CHANGES = 2


@click.command(
    "plan",
    epilog="""\b
Examples:
  procman plan                      # this machine, against what runs here
  procman plan --ram 2G             # every profile on a machine with 2 GiB
  procman plan --ram 4G --profile maximum
  procman plan --ram 4G --all       # all profiles side by side
  procman plan --detailed-exitcode  # for pipelines
  procman plan --out plan.json && procman up --plan plan.json
  procman plan --format svg > plan.svg

\b
Exit codes: 0 fits, 1 errors or does not fit, 2 wrong use
(with --detailed-exitcode: 0 no change, 1 error, 2 changes, 64 wrong use),
75 another checkout owns the project.""",
)
@file_option
@click.option(
    "form",
    "--format",
    type=click.Choice(["text", "json", "markdown", "svg"]),
    default="text",
    help="The form of the report; markdown for a comment, svg for a picture.",
)
@click.option("form", "--json", flag_value="json", help="Short for --format json.")
@click.option("--ram", type=Size(), help="Plan for a machine with this much RAM, such as 2G.")
@click.option("--profile", metavar="NAME", help="Plan with this profile laid over the services.")
@click.option("everything", "--all", is_flag=True, help="Show all profiles side by side.")
@click.option("--out", metavar="FILE", help="Save the plan for procman up --plan FILE.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when something would change.")
def command(
    file: str | None,
    form: str,
    ram: int | None,
    profile: str | None,
    everything: bool,
    out: str | None,
    detailed_exitcode: bool,
) -> int:
    """Show what would run, with how much memory, whether it fits, and what changes against what runs now.

    Starts nothing and, without --out, writes nothing.
    """
    from procman.cli import findings as output
    from procman.core.errors import WrongUse
    from procman.workflow import ask

    if out is not None and ram is not None:
        raise WrongUse("--out and --ram exclude each other: a plan for another machine cannot be applied here")
    shell = environment()
    decision = ask.plan(file, shell, profile=profile, ram=ram)
    outlook = ask.actions(decision, shell)
    _show(decision, outlook, form, everything=everything)
    if form != "json":
        output.show(decision.findings, decision.loaded, sys.stderr)
    if out is not None:
        from procman.cli.console import talk
        from procman.workflow import saving

        saving.save(decision, shell, out)
        talk(f"saved; apply it with: procman up --plan {out}")
    return _exit_code(decision, outlook.actions, detailed=detailed_exitcode)


def _exit_code(decision: Decision, actions: tuple[Action, ...], *, detailed: bool) -> int:
    from procman.core.diagnostics import errors
    from procman.core.diff import changes

    failed = bool(errors(decision.findings)) or decision.plan is None or not decision.plan.fits
    if detailed and not failed:
        return EXIT_CHANGES if changes(actions) or any(a.updates for a in actions) else 0
    return int(failed)


def _show(decision: Decision, outlook: Outlook, form: str, *, everything: bool) -> None:
    """Write the report in one form; where there is no plan the findings are all there is to say."""
    from procman.core.suggest import suggestions

    plan, actions = decision.plan, outlook.actions
    found = suggestions(plan, decision.manifest.budget) if plan and decision.manifest else ()
    if form == "json":
        import json

        from procman.cli.plan_json import plan_json
        from procman.core.findings_json import findings_document

        document = findings_document(decision.findings) | (plan_json(plan, actions, found) if plan else {})
        document["unseen"] = outlook.unseen
        click.echo(json.dumps(document, indent=2))
    elif plan is None:
        return
    elif form == "markdown":
        from procman.cli.plan_markdown import markdown

        click.echo(markdown(plan, actions, found))
    elif form == "svg":
        from procman.cli.plan_svg import svg

        click.echo(svg(plan))
    else:
        from procman.cli.action_text import action_lines
        from procman.cli.bars import marks_for
        from procman.cli.plan_text import plan_lines

        lines = plan_lines(plan, found, marks_for(sys.stdout), everything=everything)
        click.echo("\n".join([*lines, *(["", *action_lines(actions)] if actions else [])]))
    if outlook.unseen and form != "json":
        from procman.cli.console import talk

        talk(f"what runs here cannot be seen: {outlook.unseen}")
