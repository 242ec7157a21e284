"""`procman init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from procman.cli.options import environment, file_option, format_option
from procman.core.consumer_kit import DATABASES, LANGUAGES

if TYPE_CHECKING:
    from procman.core.sheet import Sheet


@click.command(
    "init",
    epilog="""\b
Examples:
  procman init                  # procman.yaml from what lies in this folder
  procman init --dry-run        # show it, write nothing
  procman init ../shop --file ../shop/procman.yaml
  procman init --consumer python          # an MQTT consumer, in ./consumer
  procman init --consumer node --database postgresql --to ingest

\b
Exit codes: 0 written, 1 refused or failed, 2 wrong use.""",
)
@click.argument("folder", default=".")
@file_option
@click.option("--force", is_flag=True, help="Write over a manifest that is there.")
@click.option("--dry-run", is_flag=True, help="Show the manifest and write nothing.")
@click.option("--consumer", type=click.Choice(LANGUAGES), help="Write an MQTT consumer that is done right instead.")
@click.option("--database", type=click.Choice(DATABASES), help="What the consumer writes to. [default: sqlite]")
@click.option("--to", metavar="DIR", help="Where the consumer is written. [default: consumer]")
@format_option
def command(
    folder: str,
    file: str | None,
    force: bool,
    dry_run: bool,
    consumer: str | None,
    database: str | None,
    to: str | None,
    form: str,
) -> int:
    """Write a first manifest by looking at the project: an ecosystem file, Procfile, package.json, pyproject.toml.

    What starts, whether it may run twice, and why, stands in the manifest as comments. Nothing is started.

    With --consumer, write an MQTT consumer with a manifest of its own: every reading becomes one row.
    """
    if consumer is not None:
        if folder != "." or file is not None:
            raise click.UsageError("--consumer takes no folder and no --file; --to names where it is written")
        return _consumer(consumer, database or "sqlite", to or "consumer", force=force, dry_run=dry_run, form=form)
    if database is not None or to is not None:
        raise click.UsageError("--database and --to go with --consumer")
    return _manifest(folder, file, force=force, dry_run=dry_run, form=form)


def _manifest(folder: str, file: str | None, *, force: bool, dry_run: bool, form: str) -> int:
    from procman.cli import drafts
    from procman.cli.console import talk
    from procman.workflow import first, importing

    shell = environment()
    path = file or shell.get("PROCMAN_FILE") or f"{folder.rstrip('/') or '/'}/procman.yaml".removeprefix("./")
    found = importing.first_of(folder, path, shell, talk) or first.look(folder)
    for note in found.notes:
        talk(f"{found.source}: {note}")
    if not dry_run:
        first.write(found.text, path, force=force)
        talk(f"wrote {path} from {found.source}: {drafts.summary(found.services)}")
    if form == "json":
        _print(drafts.document(found), path, written=() if dry_run else (path,))
    elif dry_run:
        click.echo(found.text, nl=False)
    return drafts.show_verdict(first.judged(found.text, path, shell), path)


def _consumer(language: str, database: str, folder: str, *, force: bool, dry_run: bool, form: str) -> int:
    from procman.cli import drafts
    from procman.cli.console import talk
    from procman.workflow import consumer_kit, first

    shell = environment()
    sheets = consumer_kit.sheets(language, database)
    text, path = sheets[-1].content.decode(), f"{folder.rstrip('/') or '/'}/{sheets[-1].path}"
    if dry_run:
        if form == "json":
            _print({"manifest": text}, path)
        else:
            click.echo(text, nl=False)
        talk(f"would write {_names(sheets)} in {folder}")
        return 0
    written = consumer_kit.write(sheets, folder, force=force)
    if form == "json":
        places = tuple(f"{folder.rstrip('/') or '/'}/{sheet.path}" for sheet in written)
        _print({"manifest": text}, path, written=places)
    talk(f"wrote {_names(written)} in {folder}")
    if len(written) < len(sheets):
        talk("the package.json that is there stays as it is")
    talk(f"it needs: {consumer_kit.needs(language, database)}")
    return drafts.show_verdict(first.judged(text, path, shell), path)


def _names(sheets: tuple[Sheet, ...]) -> str:
    return ", ".join(sheet.path for sheet in sheets)


def _print(document: dict[str, object], path: str, written: tuple[str, ...] = ()) -> None:
    import json

    click.echo(json.dumps({"schema_version": 1, "path": path, "written": written, **document}, indent=2))
