"""`procman why`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from procman.cli.options import environment, file_option, format_option
from procman.core.errors import EXIT_FAILED

if TYPE_CHECKING:
    from procman.core.deaths import Death
    from procman.workflow.deaths import Why


@click.command(
    "why",
    epilog="""\b
Examples:
  procman why api
  procman why api-1 --lines 20
  procman why mqtt --json | jq '.deaths[-1].cause'

\b
Exit codes: 0 told, 1 nothing to tell, or the history cannot be read,
2 wrong use, 75 another checkout owns the project.""",
)
@click.argument("name", metavar="SERVICE|INSTANCE")
@file_option
@click.option("--lines", "-n", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many deaths.")
@format_option
def command(name: str, file: str | None, lines: int, form: str) -> int:
    """Tell why a service died: exit code or signal, who sent it as far as it can be known, its last words, advice.

    Also when the manager is down or the manifest is gone.
    """
    from procman.cli.console import talk
    from procman.workflow import deaths, project

    found = deaths.why(file, environment(), name, lines)
    if form == "json":
        import json

        click.echo(json.dumps(_document(found, name), indent=2))
    elif found is not None:
        for line in _lines(found):
            click.echo(line)
    untold = f": {project.unstarted(file, environment())}" if found is None else ""
    if found is None or not (found.deaths or found.waits):
        talk(f"nothing is known of a death of {name}{untold}")
        return EXIT_FAILED
    return 0


def _lines(found: Why) -> list[str]:
    from procman.cli.action_text import wrapped
    from procman.core.deaths import Cause

    lines = [part for unit, why in found.waits for part in wrapped(f"{unit} does not run: {why}", "  ")]
    for death in reversed(found.deaths):
        lines += _about(death)
    unknown = any(d.cause is Cause.SIGNAL for d in found.deaths)
    if unknown and not found.kernel_log:
        lines.append("the kernel's log cannot be read by this user; root sees whether the OOM killer ended it")
    return [*lines, *(part for words in found.advice for part in wrapped(f"advice: {words}", "  "))]


def _about(death: Death) -> list[str]:
    from procman.cli.action_text import wrapped
    from procman.cli.console import columns, paint
    from procman.cli.events import local
    from procman.core.deaths import around
    from procman.core.words import visible

    pid = f" (pid {death.pid})" if death.pid else ""
    head = f"{local(death.at)}  {death.unit}{pid}: {visible(death.phrase)}"
    said = around(death)
    heads = [head] if columns() is None else wrapped(head, "  ")  # a pipe gets a death a line
    return [
        *(paint(part, "" if death.wanted else "red") for part in heads),
        *([f"  {said}"] if said else []),
        *(f"  | {line}" for line in death.words),
    ]


def _document(found: Why | None, name: str) -> dict[str, object]:
    return {
        "schema_version": 1,
        "project": found.project if found else None,
        "name": name,
        "deaths": [document(death) for death in found.deaths] if found else [],
        "waits": [{"unit": unit, "reason": reason} for unit, reason in found.waits] if found else [],
        "advice": list(found.advice) if found else [],
        "kernel_log": found.kernel_log if found else None,
    }


def document(death: Death) -> dict[str, object]:
    """Return the documented JSON form of one death."""
    from procman.cli.events import rfc3339

    return {
        "at": rfc3339(death.at),
        "unit": death.unit,
        "pid": death.pid,
        "cause": death.cause.value,
        "ended": death.ended or None,
        "code": death.code,
        "signal": death.signal,
        "sender": death.sender,
        "overdue": death.overdue,
        "uptime_seconds": death.uptime,
        "memory_bytes": death.memory,
        "peak_bytes": death.peak,
        "available_bytes": death.available,
        "restarts": death.restarts,
        "words": list(death.words),
    }
