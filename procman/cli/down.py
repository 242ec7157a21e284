"""`procman down`."""

from __future__ import annotations

import click

from procman.cli.options import environment, file_option


@click.command(
    "down",
    epilog="""\b
Examples:
  procman down
  procman down --file /srv/tiwater/procman.yaml

\b
Exit codes: 0 nothing is left (also when nothing ran), 1 failed, 2 wrong use,
75 another checkout owns the project.""",
)
@file_option
def command(file: str | None) -> int:
    """End every process of the project, wait for them, and say what had to be killed."""
    from procman.cli.console import talk
    from procman.cli.speech import spoken
    from procman.workflow import operate
    from procman.workflow.project import find

    project = find(file, environment())
    if project is None:
        talk("nothing to do: the project was never started")
        return 0
    killed = operate.down(project, spoken())
    for words in killed:
        talk(f"  {words}")
    talk(f"{project.applied.project} is down: nothing is left" + ("" if killed else ", nothing had to be killed"))
    return 0
