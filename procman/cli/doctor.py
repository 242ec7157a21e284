"""`procman doctor`."""

from __future__ import annotations

import click

from procman.cli.options import environment, file_option, format_option


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
    """Look for a second consumer on this host, and at the machine: what stands in the way, each with its fix.

    Locks, the same command outside procman, connections to the broker; swap, limits, disk, clock, ports, permissions,
    what was left behind, OOM kills, other managers.
    """
    from procman.cli.checks_text import show
    from procman.core import checks as values
    from procman.workflow import doctor

    checks = doctor.checks(file, environment())
    show(checks, form)
    return values.exit_code(checks)
