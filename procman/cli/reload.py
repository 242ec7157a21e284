"""`procman reload`."""

from __future__ import annotations

import click

from procman.cli import completing
from procman.cli.options import environment, file_option


@click.command(
    "reload",
    epilog="""\b
Examples:
  procman reload               # everything, one instance after another
  procman reload api --parallel 2
  procman reload api-1         # one instance

\b
Exit codes: 0 ready, 1 refused or failed (the old process goes on serving),
2 wrong use, 4 manager not running, 75 a lock is held elsewhere or another
checkout owns the project.""",
)
@click.argument("names", nargs=-1, metavar="[SERVICE|INSTANCE]...", shell_complete=completing.names)
@file_option
@click.option(
    "--parallel",
    type=click.IntRange(1, 64),
    default=1,
    metavar="N",
    help="How many instances of a service are replaced at a time.",
)
def command(names: tuple[str, ...], file: str | None, parallel: int) -> int:
    """Replace instances without losing a request; all of them without names.

    Where a service listens, the new process comes first, on the same socket, and the old one ends when that is ready.
    Everything else is stopped first and started after: a singleton is never two.
    """
    from procman.cli.speech import spoken
    from procman.workflow import operate
    from procman.workflow.project import need

    operate.reload(need(file, environment()), names, environment(), spoken(), parallel)
    return 0
