"""`procman stop`."""

from __future__ import annotations

import click

from procman.cli.options import environment, file_option


@click.command(
    "stop",
    epilog="""\b
Examples:
  procman stop mqtt
  procman stop api-1          # one instance

\b
Exit codes: 0 stopped, 1 failed, 2 wrong use; nothing to do is 0.""",
)
@click.argument("names", nargs=-1, metavar="[SERVICE|INSTANCE]...")
@file_option
def command(names: tuple[str, ...], file: str | None) -> int:
    """Stop services or instances until they are started again; all of them without names.

    The manager keeps running; `procman down` ends everything.
    """
    from procman.cli.speech import spoken
    from procman.workflow import operate
    from procman.workflow.project import need

    operate.stop(need(file, environment()), names, spoken())
    return 0
