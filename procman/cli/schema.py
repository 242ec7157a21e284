"""`procman schema`."""

from __future__ import annotations

import click


@click.command(
    "schema",
    epilog="""\b
Examples:
  procman schema > procman.schema.json

\b
Then, as the first line of the manifest:
  # yaml-language-server: $schema=./procman.schema.json

\b
Exit codes: 0 printed, 2 wrong use.""",
)
def command() -> None:
    """Print the JSON Schema of the manifest, for editors.

    It is made from the same table of fields as the checker.
    """
    import json

    from procman.core.json_schema import schema

    click.echo(json.dumps(schema(), indent=2))
