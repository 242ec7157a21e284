"""`procman validate`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from procman.cli.options import Size, environment, file_option

if TYPE_CHECKING:
    from procman.cli.verdict import Wanted
    from procman.workflow.check import Asked
    from procman.workflow.gather import Input

FORMS = ["auto", "text", "json", "github", "gitlab", "sarif", "junit"]
WEIGHTS = ["error", "warning", "hint"]


@click.command(
    "validate",
    epilog="""\b
Examples:
  procman validate
  procman validate deploy/ --offline --fail-on warning
  procman validate --fix --diff
  procman validate --select PM3,PM401 --statistics
  procman validate --format sarif --output procman.sarif
  render-manifest | procman validate - --stdin-filename procman.yaml

\b
Exit codes: 0 nothing that --fail-on names, 1 something,
2 a file cannot be read or wrong use.""",
)
@click.argument("paths", nargs=-1, metavar="[FILES, FOLDERS or -]...")
@file_option
@click.option(
    "form",
    "--format",
    type=click.Choice(FORMS),
    default="auto",
    help="The form of the report; auto: github under GitHub Actions, else text.",
)
@click.option("form", "--json", flag_value="json", help="Short for --format json.")
@click.option("--output", metavar="FILE", help="Write the report to FILE, whole, and the verdict to stderr.")
@click.option("--stdin-filename", metavar="PATH", help="The file that standard input (-) stands for.")
@click.option("--select", multiple=True, metavar="RULES", help="Only these: codes, their beginnings (PM3) or names.")
@click.option("--ignore", multiple=True, metavar="RULES", help="All but these. PM2, the instance rules, always count.")
@click.option("--severity", type=click.Choice(WEIGHTS), default="hint", help="The lowest weight that is shown.")
@click.option(
    "--fail-on",
    type=click.Choice([*WEIGHTS, "never"]),
    default="error",
    help="The lowest weight that makes the exit code 1, shown or not.",
)
@click.option("--statistics", is_flag=True, help="Show how often each rule spoke, in place of the findings.")
@click.option("--profile", metavar="NAME", help="Check with this profile only; without it, with each in turn.")
@click.option("--ram", type=Size(), help="Check for a machine with this much RAM, such as 2G.")
@click.option("--explain-fixes", is_flag=True, help="Say what --fix would write, and why that is safe.")
@click.option("--fix", is_flag=True, help="Mend what can be mended safely; comments and layout stay.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and write nothing.")
@click.option("--large", is_flag=True, help="Read manifests of up to 16 MiB and 1,000,000 values.")
@click.option(
    "--offline/--online",
    default=None,
    help="Ask nothing of this host: no program, folder, user or RAM (default where CI is set).",
)
def command(
    paths: tuple[str, ...],
    file: str | None,
    form: str,
    output: str | None,
    stdin_filename: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    severity: str,
    fail_on: str,
    statistics: bool,
    profile: str | None,
    ram: int | None,
    explain_fixes: bool,
    fix: bool,
    diff: bool,
    large: bool,
    offline: bool | None,
) -> int:
    """Check manifests and show every fault at once, with its place, why it matters and what to do.

    A folder stands for every procman.yaml and *.procman.yaml below it (.yml too), hidden folders left out.
    """
    from procman.cli import verdict
    from procman.core.selection import selection
    from procman.core.text import LARGE, USUAL
    from procman.workflow.check import Asked, known_codes
    from procman.workflow.decide import Choice
    from procman.workflow.gather import gather

    shell = environment()
    weights = verdict.down_to(severity), verdict.down_to(fail_on)
    mending = "diff" if diff else "fix" if fix else ""
    wanted = verdict.Wanted(verdict.form(form, shell), output, *weights, statistics, explain_fixes, mending)
    verdict.check_wanted(wanted)
    inputs = gather([*paths, *([file] if file is not None else [])], stdin_filename, shell)
    choice = Choice(profile=profile, ram=ram, offline=bool(os.environ.get("CI")) if offline is None else offline)
    asked = Asked(choice, shell, selection(select, ignore, known_codes()), LARGE if large else USUAL)
    return _run(inputs, asked, wanted)


def _run(inputs: tuple[Input, ...], asked: Asked, wanted: Wanted) -> int:
    """Check every input, mend if that is wanted, report, and return the exit code."""
    from procman.cli import verdict
    from procman.cli.mending import checked
    from procman.core.errors import EXIT_USAGE, WrongUse

    done, unreadable = [], False
    for one in inputs:
        try:
            done.append(checked(one, asked, wanted.mending))
        except WrongUse as error:
            if len(inputs) == 1:
                raise
            # The others are judged all the same: CI is to see everything at once.
            verdict.complain(error)
            unreadable = True
    code = verdict.report(done, wanted)
    return EXIT_USAGE if unreadable else code
