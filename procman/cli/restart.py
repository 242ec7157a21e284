"""`procman restart`."""

from __future__ import annotations

import click

from procman.cli import completing
from procman.cli.options import environment, file_option


@click.command(
    "restart",
    epilog="""\b
Examples:
  procman restart api
  procman restart api-1       # one instance

\b
Exit codes: 0 ready, 1 refused or failed, 2 wrong use, 4 manager not running,
75 a lock is held elsewhere or another checkout owns the project.""",
)
@click.argument("names", nargs=-1, metavar="[SERVICE|INSTANCE]...", shell_complete=completing.names)
@file_option
def command(names: tuple[str, ...], file: str | None) -> int:
    """Restart services or instances, one instance after another; all of them without names.

    A singleton is stopped before it is started again: never two.
    """
    from procman.cli.speech import spoken
    from procman.workflow import operate
    from procman.workflow.project import need

    operate.restart(need(file, environment()), names, environment(), spoken())
    return 0
