"""`procman start`."""

from __future__ import annotations

import click

from procman.cli import completing
from procman.cli.options import environment, file_option


@click.command(
    "start",
    epilog="""\b
Examples:
  procman start mqtt
  procman start api-1         # one instance

\b
Exit codes: 0 ready, 1 refused or failed, 2 wrong use, 4 manager not running,
75 a lock is held elsewhere or another checkout owns the project.""",
)
@click.argument("names", nargs=-1, metavar="[SERVICE|INSTANCE]...", shell_complete=completing.names)
@file_option
def command(names: tuple[str, ...], file: str | None) -> int:
    """Start what was stopped or has failed: services or instances, all of them without names.

    The applied manifest is judged by every rule and the budget once more before anything starts.
    """
    from procman.cli.speech import spoken
    from procman.workflow import operate
    from procman.workflow.project import need

    operate.start(need(file, environment()), names, environment(), spoken())
    return 0
