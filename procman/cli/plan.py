"""`procman plan`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from procman.cli.options import Size, environment, file_option, format_option

if TYPE_CHECKING:
    from procman.core.diff import Action
    from procman.workflow.decide import Decision

EXIT_CHANGES = 2


@click.command(
    "plan",
    epilog="""\b
Examples:
  procman plan                      # this machine, against what runs here
  procman plan --ram 2G             # every profile on a machine with 2 GiB
  procman plan --ram 4G --profile maximum
  procman plan --detailed-exitcode  # for pipelines

\b
Exit codes: 0 fits, 1 errors or does not fit, 2 wrong use
(with --detailed-exitcode: 0 no change, 1 error, 2 changes, 64 wrong use).""",
)
@file_option
@format_option
@click.option("--ram", type=Size(), help="Plan for a machine with this much RAM, such as 2G.")
@click.option("--profile", metavar="NAME", help="Plan with this profile laid over the services.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when something would change.")
def command(file: str | None, form: str, ram: int | None, profile: str | None, detailed_exitcode: bool) -> int:
    """Show what would run, with how much memory, whether it fits, and what changes against what runs now.

    Starts nothing and writes nothing.
    """
    from procman.cli import findings as output
    from procman.cli.plan_text import action_lines, plan_lines
    from procman.core.diagnostics import errors
    from procman.core.diff import changes
    from procman.workflow import ask

    shell = environment()
    decision = ask.plan(file, shell, profile=profile, ram=ram)
    actions = ask.actions(decision, shell)
    if form == "json":
        _print_json(decision, actions)
    else:
        if decision.plan is not None:
            click.echo("\n".join(plan_lines(decision.plan)))
            click.echo("\n".join(["", *action_lines(actions)]) if actions else "")
        output.show(decision.findings, decision.loaded, sys.stderr)
    failed = bool(errors(decision.findings)) or decision.plan is None or not decision.plan.fits
    if detailed_exitcode and not failed:
        return EXIT_CHANGES if changes(actions) else 0
    return int(failed)


def _print_json(decision: Decision, actions: tuple[Action, ...]) -> None:
    import json

    from procman.cli.plan_text import plan_json
    from procman.core.findings_json import findings_document

    document = findings_document(decision.findings)
    if decision.plan is not None:
        document |= plan_json(decision.plan, actions)
    click.echo(json.dumps(document, indent=2))
