"""`procman events`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from procman.cli.options import environment, format_option, long_file_option

if TYPE_CHECKING:
    from procman.core.events import Event
    from procman.workflow.history import History

UNIT = 10
"""The column of units, at least so wide."""
INDENT = 21
"""Where it stands, after the time."""
HANG = 2
"""Further, what follows on a narrow terminal."""
LEAST = 40
"""Columns that words need at least to be wrapped."""

STYLES = {"exit": "yellow", "failed": "red", "held": "red", "command": "bold", "ready": "green", "running": "green"}


@click.command(
    "events",
    epilog="""\b
Examples:
  procman events                   # the last 50 events
  procman events api -f            # follow those of one service
  procman events --json | jq '.events[] | select(.event == "exit")'

\b
Exit codes: 0 shown, or nothing to show, 1 the history cannot be read,
2 wrong use, 75 another checkout owns the project. Ctrl-C ends --follow.""",
)
@click.argument("names", nargs=-1, metavar="[SERVICE|INSTANCE]...")
@long_file_option
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens from now; with --json one event a line.")
@click.option("--lines", "-n", type=click.IntRange(0, 100_000), default=50, show_default=True, help="How many events.")
@format_option
def command(names: tuple[str, ...], file: str | None, follow: bool, lines: int, form: str) -> int:
    """Show what the manager did and saw: starts, ends, restarts, commands, limits.

    Also when the manager is down or the manifest is gone. The history holds 1 MiB and survives restarts.
    """
    from procman.cli.console import talk
    from procman.workflow import history, project

    found = history.open_history(file, environment(), names)
    if found is None:
        talk(f"no events: {project.unstarted(file, environment())}")
    if form == "json":
        _print_json(found, lines, follow=follow)
    elif found is not None:
        width = max((len(event.unit or "-") for event in found.events(lines)), default=0)
        for event in found.follow(lines) if follow else found.events(lines):
            click.echo("\n".join(lines_of(event, max(width, UNIT))))
    return 0


def _print_json(found: History | None, lines: int, *, follow: bool) -> None:
    import json

    if not follow or found is None:
        events = found.events(lines) if found else ()
        head = {"schema_version": 1, "project": found.project if found else None}
        click.echo(json.dumps({**head, "events": [_document(event) for event in events]}, indent=2))
        return
    for event in found.follow(lines):
        click.echo(json.dumps({"schema_version": 1, **_document(event)}))


def lines_of(event: Event, width: int) -> list[str]:
    """Return an event in one line, or on a terminal that is too narrow for that in as many as it takes."""
    from textwrap import wrap

    from procman.cli.console import columns, paint
    from procman.core.events import told

    words, at = f"{event.unit or '-':{width}}  {event.event:16}  {told(event)}".rstrip(), local(event.at)
    room = (columns() or len(words) + INDENT) - INDENT
    parts = [words]
    if len(words) > room >= LEAST:
        parts = wrap(words, room - HANG, break_on_hyphens=False, break_long_words=False)
    first, *rest = (paint(part, STYLES.get(event.event, "")) for part in parts)
    return [f"{at}  {first}", *(" " * (INDENT + HANG) + part for part in rest)]


def _document(event: Event) -> dict[str, object]:
    from procman.core.events import document

    return document(event, rfc3339(event.at))


def rfc3339(at: float) -> str:
    """Return a time in seconds since the epoch as RFC 3339 in UTC, to the millisecond."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local(at: float) -> str:
    """Return a time in seconds since the epoch as the clock on the wall shows it here."""
    import time

    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
