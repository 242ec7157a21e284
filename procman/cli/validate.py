"""`procman validate`."""

from __future__ import annotations

import os
import sys

import click

from procman.cli.options import environment, file_option, format_option


@click.command(
    "validate",
    epilog="""\b
Examples:
  procman validate
  procman validate deploy/*.yaml --offline
  procman validate --json | jq '.findings[].message'

\b
Exit codes: 0 no error, 1 errors, 2 a file cannot be read or wrong use.""",
)
@click.argument("paths", nargs=-1, metavar="[FILES]...")
@file_option
@format_option
@click.option(
    "--offline/--online",
    default=None,
    help="Ask nothing of this host: no program, folder, user or RAM (default where CI is set).",
)
@click.option("--profile", metavar="NAME", help="Check with this profile laid over the services.")
@click.option("--fail-on", type=click.Choice(["error", "warning"]), default="error", help="What makes the exit code 1.")
def command(
    paths: tuple[str, ...],
    file: str | None,
    form: str,
    offline: bool | None,
    profile: str | None,
    fail_on: str,
) -> int:
    """Check manifests and show every fault at once, with its place, why it matters and what to do."""
    from procman.cli import findings as output
    from procman.cli.console import talk
    from procman.core.diagnostics import Severity
    from procman.workflow.decide import Choice, decide
    from procman.workflow.load import load_file, manifest_path

    shell = environment()
    choice = Choice(profile=profile, offline=bool(os.environ.get("CI")) if offline is None else offline)
    names = paths or (manifest_path(file, shell),)
    decisions = [decide(load_file(manifest_path(name, shell), shell), choice, shell) for name in names]
    found = tuple(f for decision in decisions for f in decision.findings)
    if form == "json":
        _print_json(found)
    else:
        for decision in decisions:
            output.show(decision.findings, decision.loaded, sys.stdout)
        clean = [d.loaded.source.name for d in decisions if not d.findings]
        if clean:
            talk(f"no findings in {', '.join(clean)}")
    stopping = {Severity.ERROR, *([Severity.WARNING] if fail_on == "warning" else [])}
    return int(any(f.severity in stopping for f in found))


def _print_json(found: tuple[object, ...]) -> None:
    import json

    from procman.core.findings_json import findings_document

    click.echo(json.dumps(findings_document(found), indent=2))  # type: ignore[arg-type]
