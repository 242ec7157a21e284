"""`procman explain`."""

from __future__ import annotations

import click

from procman.cli import completing


@click.command(
    "explain",
    epilog="""\b
Examples:
  procman explain PM201
  procman explain singleton-scaled

\b
Exit codes: 0 told, 1 nothing to tell, 2 wrong use.""",
)
@click.argument("words", nargs=-1, required=True, metavar="CODE|NAME...", shell_complete=completing.rules)
def command(words: tuple[str, ...]) -> int:
    """Print the page of a rule: what it checks, why it matters, an example, and what to do instead."""
    from procman.cli.console import paint
    from procman.workflow import explain

    found = [explain.page(word) for word in words]
    for index, page in enumerate(found):
        lines = page.text.splitlines()
        body = "\n".join(paint(line, "bold") if line.startswith("## ") else line for line in lines)
        head = paint(f"{page.code} {page.name}", "bold")
        if index:
            click.echo()
        click.echo(f"{head} ({page.severity.value}, since {page.since})\n{page.title}\n\n{body}")
    return 0
