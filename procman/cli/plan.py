"""`procman plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from procman.cli.options import Size, environment, file_option

if TYPE_CHECKING:
    from procman.core.diff import Action
    from procman.core.measured import Measurement
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
  procman plan --measured           # limits beside what was needed
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
@click.option("--measured", is_flag=True, help="Put what the running project needed beside each limit.")
@click.option("--write", is_flag=True, help="With --measured: write the proposed limits; comments are kept.")
@click.option("--out", metavar="FILE", help="Save the plan for procman up --plan FILE.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when something would change.")
def command(
    file: str | None,
    form: str,
    ram: int | None,
    profile: str | None,
    everything: bool,
    measured: bool,
    write: bool,
    out: str | None,
    detailed_exitcode: bool,
) -> int:
    """Show what would run, with how much memory, whether it fits, and what changes against what runs now.

    Starts nothing and, without --out and --write, writes nothing.
    """
    from procman.cli import plan_show
    from procman.workflow import ask

    _check_options(ram, out, measured=measured, write=write)
    shell = environment()
    decision = ask.plan(file, shell, profile=profile, ram=ram)
    outlook = ask.actions(decision, shell)
    rows: tuple[Measurement, ...] | None = None
    if measured:
        from procman.workflow import measuring

        rows = measuring.measured(decision, shell)
    plan_show.show(plan_show.Report(decision, outlook, rows), form, everything=everything)
    _keep(decision, shell, out, rows if write else None)
    return _exit_code(decision, outlook.actions, detailed=detailed_exitcode)


def _check_options(ram: int | None, out: str | None, *, measured: bool, write: bool) -> None:
    """Raise WrongUse for options that make no sense together."""
    from procman.core.errors import WrongUse

    if out is not None and ram is not None:
        raise WrongUse("--out and --ram exclude each other: a plan for another machine cannot be applied here")
    if write and not measured:
        raise WrongUse("--write goes with --measured", "procman plan --measured --write")
    if write and ram is not None:
        raise WrongUse("--write and --ram exclude each other: limits are written for the machine they were measured on")


def _keep(decision: Decision, shell: dict[str, str], out: str | None, rows: tuple[Measurement, ...] | None) -> None:
    """Write what was asked to be written: the plan to a file, the proposals to the manifest."""
    from procman.cli.console import talk

    if rows is not None:
        from procman.workflow import measuring

        written = measuring.write(decision, rows, shell)
        talk(f"wrote {', '.join(written)} to {decision.loaded.path}" if written else "there is nothing to write")
    if out is not None:
        from procman.workflow import saving

        saving.save(decision, shell, out)
        talk(f"saved; apply it with: procman up --plan {out}")


def _exit_code(decision: Decision, actions: tuple[Action, ...], *, detailed: bool) -> int:
    from procman.core.diagnostics import errors
    from procman.core.diff import changes

    failed = bool(errors(decision.findings)) or decision.plan is None or not decision.plan.fits
    if detailed and not failed:
        return EXIT_CHANGES if changes(actions) or any(a.updates for a in actions) else 0
    return int(failed)
