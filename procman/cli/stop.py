"""`procman stop`."""

from __future__ import annotations

import click

from procman.cli import completing
from procman.cli.options import environment, file_option


@click.command(
    "stop",
    epilog="""\b
Examples:
  procman stop mqtt
  procman stop api-1          # one instance

\b
Exit codes: 0 stopped (also when nothing ran), 1 failed, 2 wrong use,
75 another checkout owns the project.""",
)
@click.argument("names", nargs=-1, metavar="[SERVICE|INSTANCE]...", shell_complete=completing.names)
@file_option
def command(names: tuple[str, ...], file: str | None) -> int:
    """Stop services or instances until they are started again; all of them without names.

    The manager keeps running; `procman down` ends everything.
    """
    from procman.cli.console import talk
    from procman.cli.speech import spoken
    from procman.workflow import operate
    from procman.workflow.project import find

    project = find(file, environment())
    if project is None or project.applied.down:
        talk("nothing to do: the project is not running")
        return 0
    operate.stop(project, names, spoken())
    return 0
