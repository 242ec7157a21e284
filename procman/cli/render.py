"""`procman render`."""

from __future__ import annotations

import click

from procman.cli.options import environment, file_option


@click.command(
    "render",
    epilog="""\b
Examples:
  procman render --to build/
  supervisord -c build/supervisord.conf  # by hand; the lock holds

\b
Exit codes: 0 written, 1 errors in the manifest, 2 wrong use.""",
)
@file_option
@click.option("--to", "folder", metavar="DIR", required=True, help="Where to write; made with mode 0700 when missing.")
@click.option("--profile", metavar="NAME", help="Render with this profile laid over the services.")
def command(file: str | None, folder: str, profile: str | None) -> int:
    """Write the supervisord file, one spec file per instance, and a systemd unit.

    The spec files hold the services' environment and are readable by their owner only. Starts nothing.
    """
    from procman.workflow import ask
    from procman.workflow.rendering import render

    shell = environment()
    for path in render(ask.for_render(file, shell, profile), folder, shell):
        click.echo(path)
    return 0
