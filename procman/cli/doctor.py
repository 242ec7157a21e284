"""`procman doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from procman.cli.options import environment, file_option, format_option

if TYPE_CHECKING:
    from procman.core.checks import Check

STYLES = {"PASS": "green", "FAIL": "red", "UNKNOWN": "yellow"}


@click.command(
    "doctor",
    epilog="""\b
Examples:
  procman doctor
  sudo procman doctor         # sees the processes of every user
  procman doctor --json | jq '.checks[] | select(.verdict != "PASS")'

\b
Exit codes: 0 no FAIL and no UNKNOWN, 1 a FAIL, 2 wrong use,
3 only UNKNOWN left, 75 another checkout owns the project.""",
)
@file_option
@format_option
def command(file: str | None, form: str) -> int:
    """Look for a second consumer on this host: locks, the same command outside procman, connections to the broker."""
    from procman.core import checks as values
    from procman.workflow import doctor

    checks = doctor.checks(file, environment())
    if form == "json":
        import json

        click.echo(json.dumps(values.document(checks), indent=2))
    else:
        click.echo("\n".join(_lines(checks)))
    return values.exit_code(checks)


def _lines(checks: tuple[Check, ...]) -> list[str]:
    from procman.cli.console import paint

    lines = []
    for check in checks:
        name = f"{check.service} {check.name}".strip()
        lines.append(f"{paint(f'{check.verdict:7}', STYLES[check.verdict])} {name}: {check.evidence}")
        if check.help:
            lines.append(f"        {check.help}")
    return lines
