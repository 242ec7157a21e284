"""`procman init`."""

from __future__ import annotations

import click

from procman.cli.options import environment, file_option


@click.command(
    "init",
    epilog="""\b
Examples:
  procman init                  # procman.yaml from what lies in this folder
  procman init --dry-run        # show it, write nothing
  procman init ../shop --file ../shop/procman.yaml

\b
Exit codes: 0 written, 1 refused or failed, 2 wrong use.""",
)
@click.argument("folder", default=".")
@file_option
@click.option("--force", is_flag=True, help="Write over a manifest that is there.")
@click.option("--dry-run", is_flag=True, help="Show the manifest and write nothing.")
def command(folder: str, file: str | None, force: bool, dry_run: bool) -> int:
    """Write a first manifest by looking at the project: an ecosystem file, Procfile, package.json, pyproject.toml.

    What starts, whether it may run twice, and why, stands in the manifest as comments. Nothing is started.
    """
    from procman.cli import drafts
    from procman.cli.console import talk
    from procman.workflow import first, importing

    shell = environment()
    path = file or shell.get("PROCMAN_FILE") or f"{folder.rstrip('/') or '/'}/procman.yaml".removeprefix("./")
    found = importing.first_of(folder, path, shell, talk) or first.look(folder)
    for note in found.notes:
        talk(f"{found.source}: {note}")
    if dry_run:
        click.echo(found.text, nl=False)
    else:
        first.write(found.text, path, force=force)
        talk(f"wrote {path} from {found.source}: {drafts.summary(found.services)}")
    return drafts.show_verdict(first.judged(found.text, path, shell), path)
