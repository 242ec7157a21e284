"""`procman verify`."""

from __future__ import annotations

import click

from procman.cli.options import environment, file_option, format_option

NAMES = ("broker", "session", "queue-limit", "shared-subscription", "unique-key", "canary", "strays")


@click.command(
    "verify",
    epilog="""\b
Examples:
  procman verify
  procman verify mqtt --only unique-key
  procman verify --json | jq '.checks[] | select(.verdict != "PASS")'

\b
Exit codes: 0 no FAIL and no UNKNOWN, 1 a FAIL, 2 wrong use,
3 only UNKNOWN left, 75 another checkout owns the project.""",
)
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@file_option
@format_option
@click.option(
    "--only", multiple=True, type=click.Choice(NAMES), metavar="NAME", help=f"Only this check: {', '.join(NAMES)}."
)
def command(services: tuple[str, ...], file: str | None, form: str, only: tuple[str, ...]) -> int:
    """Ask the real broker and database whether the guards of a consumer hold, and keep the answer."""
    from procman.cli.checks_text import show
    from procman.cli.console import talk
    from procman.core import checks as values
    from procman.workflow import verify

    checks = verify.checks(verify.Asked(file, services, only), environment(), talk)
    show(checks, form)
    return values.exit_code(checks)
