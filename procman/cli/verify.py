"""`procman verify`."""

from __future__ import annotations

import click

from procman.cli.options import Time, environment, file_option, format_option

NAMES = ("broker", "session", "queue-limit", "shared-subscription", "unique-key", "canary", "strays", "members")


@click.command(
    "verify",
    epilog="""\b
Examples:
  procman verify
  procman verify mqtt --only unique-key
  procman verify --watch --every 10m    # as a service of the project
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
@click.option("--applied", is_flag=True, help="Verify what was applied last, not what the file says now.")
@click.option("--hand-on", is_flag=True, help="Give the others what waits at the broker for members that have failed.")
@click.option("--watch", is_flag=True, help="Check again and again; a guard that fails takes its consumer back to one.")
@click.option("--every", type=Time(), default="10m", show_default=True, help="How often with --watch.")
def command(
    services: tuple[str, ...],
    file: str | None,
    form: str,
    only: tuple[str, ...],
    applied: bool,
    hand_on: bool,
    watch: bool,
    every: float,
) -> int:
    """Ask the real broker and database whether the guards of a consumer hold, and keep the answer."""
    if watch:
        _watch(services, file, form, only, every)
    from procman.cli.checks_text import show
    from procman.cli.console import talk
    from procman.core import checks as values
    from procman.workflow import verify

    checks = verify.checks(verify.Asked(file, services, only, applied, hand_on), environment(), talk)
    if not checks and form == "text":
        talk("nothing to verify: no service says what it consumes (`consumes`)")
    else:
        show(checks, form)
    return values.exit_code(checks)


def _watch(services: tuple[str, ...], file: str | None, form: str, only: tuple[str, ...], every: float) -> None:
    from procman.cli.console import talk
    from procman.workflow.watch import Watch

    if form != "text":
        raise click.UsageError("--watch reports in text; `procman events --json` has what it found")
    if every < 1:
        raise click.UsageError("--every is at least 1s")
    Watch(file, services, only, every, environment(), talk).forever()
