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
  procman render --proxy nginx > /etc/nginx/conf.d/tiwater.conf

\b
Exit codes: 0 written, 1 errors in the manifest, 2 wrong use.""",
)
@file_option
@click.option("--to", "folder", metavar="DIR", help="Where to write; made with mode 0700 when missing.")
@click.option("--profile", metavar="NAME", help="Render with this profile laid over the services.")
@click.option("--proxy", type=click.Choice(["nginx"]), help="Render a proxy's file; without --to it is printed.")
def command(file: str | None, folder: str | None, profile: str | None, proxy: str | None) -> int:
    """Write the supervisord file, one spec file per instance, and a systemd unit.

    The spec files hold the services' environment and are readable by their owner only. Starts nothing. --proxy adds a
    file for a proxy in front of the services that listen.
    """
    from procman.core.errors import WrongUse
    from procman.workflow import ask
    from procman.workflow.rendering import render, render_proxy

    if folder is None and proxy is None:
        raise WrongUse("render needs --to DIR, or --proxy", "procman render --to build")
    shell = environment()
    approved = ask.for_render(file, shell, profile)
    sheet = render_proxy(approved) if proxy else None
    if folder is None:
        click.echo(sheet.content if sheet else b"", nl=False)
        return 0
    for path in render(approved, folder, shell, (sheet,) if sheet else ()):
        click.echo(path)
    return 0
