"""`procman rules`."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from procman.cli.options import format_option

if TYPE_CHECKING:
    from procman.workflow.explain import Page


@click.command(
    "rules",
    epilog="""\b
Examples:
  procman rules
  procman rules --json | jq -r '.rules[].code'

\b
Exit codes: 0 told, 1 internal error, 2 wrong use.""",
)
@format_option
def command(form: str) -> int:
    """List every rule with its code, weight and name; procman explain CODE tells more."""
    from procman.workflow import explain

    found = explain.pages()
    if form == "json":
        _print_json(found)
        return 0
    from procman.cli.console import table

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    rows = [("code", "weight", "name", "what"), *((p.code, p.severity.value, p.name, p.title) for p in found)]
    for line in table(rows, indent=""):
        click.echo(line if width is None or len(line) <= width else f"{line[: width - 1]}…")
    return 0


def _print_json(pages: tuple[Page, ...]) -> None:
    import json

    rules = [
        {
            "code": p.code,
            "name": p.name,
            "severity": p.severity.value,
            "since": p.since,
            "title": p.title,
            "why": p.why,
            "suppressible": p.suppressible,
            "asks_host": p.asks_host,
        }
        for p in pages
    ]
    click.echo(json.dumps({"schema_version": 1, "rules": rules}, indent=2))
