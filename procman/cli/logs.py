"""`procman logs`."""

from __future__ import annotations

import click

from procman.cli import completing
from procman.cli.options import environment, long_file_option


@click.command(
    "logs",
    epilog="""\b
Examples:
  procman logs                  # the last lines of every service
  procman logs api -f           # follow one, through rotation
  procman logs mqtt --lines 200

\b
Exit codes: 0 shown, or nothing to show, 1 the record cannot be read,
2 wrong use, 75 another checkout owns the project. Ctrl-C ends --follow.""",
)
@click.argument("names", nargs=-1, metavar="[SERVICE|INSTANCE]...", shell_complete=completing.log_names)
@long_file_option
@click.option("--follow", "-f", is_flag=True, help="Go on with what is written from now.")
@click.option(
    "--lines", "-n", type=click.IntRange(0, 100_000), default=20, show_default=True, help="Lines per instance."
)
def command(names: tuple[str, ...], file: str | None, follow: bool, lines: int) -> int:
    """Show what all services write as one stream, each line behind the name of its instance.

    The name `supervisord` means the manager's own log.
    """
    from procman.cli.console import paint, talk
    from procman.workflow import log_stream, project

    stream = log_stream.open_logs(file, environment(), names)
    if stream is None:
        talk(f"no logs: {project.unstarted(file, environment())}")
        return 0
    width = max(map(len, stream.units), default=0)
    colours = ("green", "yellow", "red", "bold")
    styles = {unit: colours[i % len(colours)] for i, unit in enumerate(stream.units)}
    for unit, line in stream.lines(lines, follow=follow):
        click.echo(f"{paint(unit.ljust(width), styles[unit])} | {line}")
    return 0
