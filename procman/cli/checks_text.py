"""What `doctor` and `verify` found, as text or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from procman.core.checks import Check

STYLES = {"PASS": "green", "FAIL": "red", "UNKNOWN": "yellow"}


def show(checks: tuple[Check, ...], form: str) -> None:
    """Write `checks` to stdout in this form."""
    if form == "json":
        import json

        from procman.core.checks import document

        click.echo(json.dumps(document(checks), indent=2))
    else:
        click.echo("\n".join(_lines(checks)))


def _lines(checks: tuple[Check, ...]) -> list[str]:
    from procman.cli.console import paint

    lines = []
    for check in checks:
        name = f"{check.service} {check.name}".strip()
        lines.append(f"{paint(f'{check.verdict:7}', STYLES[check.verdict])} {name}: {check.evidence}")
        if check.help:
            lines.append(f"        {check.help}")
    return lines
