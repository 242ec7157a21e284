"""The report of an import: every field accounted for, what was hidden, and what rules and budget say of the result."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from procman.cli import drafts
from procman.cli.console import table, talk
from procman.core.imports.report import Outcome
from procman.core.values import dataclass
from procman.core.words import counted, visible

if TYPE_CHECKING:
    from procman.core.imports.evidence import Verdict
    from procman.core.imports.pm2_check import Difference
    from procman.core.imports.report import Imported, Note


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where the manifest goes and how the report looks. `ram`: bytes of the machine to plan for."""

    write: str | None = None
    force: bool = False
    ram: int | None = None
    form: str = "text"


def deliver(made: Imported, shell: dict[str, str], wanted: Wanted) -> int:
    """Show or write the manifest, and report; return 1 when it has errors of its own."""
    from procman.workflow import first

    path = wanted.write or "procman.yaml"
    decision = first.judged(made.text, path, shell, wanted.ram)
    if wanted.write is not None:
        secret = any(finding.code == "PM501" for finding in decision.findings)
        first.write(made.text, wanted.write, force=wanted.force, mode=0o600 if secret else 0o644)
    if wanted.form == "json":
        click.echo(json.dumps(document(made), indent=2))
    else:
        talk("\n".join(lines(made)))
        if wanted.write is None:
            click.echo(made.text, nl=False)
    if wanted.write is not None:
        talk(f"wrote {wanted.write}: {drafts.summary(tuple(s.draft for s in made.rows))}")
    return drafts.show_verdict(decision, path)


def lines(made: Imported) -> Iterator[str]:
    """Yield the report as text."""
    rows = [("service", "kind", "because")]
    rows += [(s.draft.name, s.draft.kind.value, "; ".join(s.verdict.reasons)) for s in made.rows]
    yield f"{counted(len(made.rows), 'service')} of the project {made.project}:"
    yield from (visible(line) for line in table(rows))
    if made.hidden:
        yield "what was not said:"
        for hidden in made.hidden:
            yield visible(f"  {_of(hidden.app)}{hidden.words}")
            if hidden.help:
                yield visible(f"      {hidden.help}")
    for title, outcome in (("mapped with a difference:", Outcome.DIFFERS), ("not supported:", Outcome.NOT)):
        found = [note for note in made.notes if note.outcome is outcome]
        if found:
            yield title
            yield from _grouped(found)
    if made.said:
        yield "also:"
        yield from (visible(f"  {words}") for words in made.said)
    yield from _mapped(made)


def document(made: Imported) -> dict[str, object]:
    """Return the report as scripts read it."""
    return {
        "schema_version": 1,
        "project": made.project,
        "manifest": made.text,
        "services": [
            {
                "service": s.draft.name,
                "app": s.name,
                "kind": s.draft.kind.value,
                "clear": s.verdict.sure,
                "reasons": list(s.verdict.reasons),
            }
            for s in made.rows
        ],
        "fields": [
            {"app": n.app, "field": n.key, "outcome": n.outcome.name.lower(), "words": n.words} for n in made.notes
        ],
        "hidden": [{"app": h.app, "words": h.words, "help": h.help} for h in made.hidden],
        "also": list(made.said),
    }


def asking() -> Callable[[str, Verdict], Verdict]:
    """Return what asks a person on the terminal for a kind; wrong use where there is no terminal."""
    from procman.core.errors import WrongUse
    from procman.core.manifest import Kind
    from procman.core.values import replace

    if not sys.stdin.isatty():
        raise WrongUse("--ask needs a terminal to ask on", "leave --ask out: what is unclear becomes a singleton")

    def ask(app: str, verdict: Verdict) -> Verdict:
        talk(visible(f"{app}: {'; '.join(verdict.reasons)}"))
        kinds = click.Choice([kind.value for kind in Kind])
        said = click.prompt(f"kind of {visible(app)}", type=kinds, default=verdict.kind.value, err=True)
        return replace(
            verdict, kind=Kind(said), reasons=(f"said when asked ({'; '.join(verdict.reasons)})",), sure=True
        )

    return ask


def show_differences(found: tuple[Difference, ...], form: str) -> int:
    """Show what differs from what PM2 runs; return 1 when something does."""
    if form == "json":
        rows = [{"service": d.service, "what": d.what, "manifest": d.manifest, "pm2": d.pm2} for d in found]
        click.echo(json.dumps({"schema_version": 1, "differences": rows}, indent=2))
    elif found:
        head = ("service", "what", "manifest", "PM2")
        click.echo("\n".join(table([head, *((d.service, d.what, visible(d.manifest), visible(d.pm2)) for d in found)])))
        talk(f"{counted(len(found), 'difference')} from what PM2 runs")
    else:
        talk("the manifest is what PM2 runs")
    return int(bool(found))


def _of(app: str) -> str:
    return f"{app}: " if app else ""


def _grouped(notes: list[Note]) -> Iterator[str]:
    """Yield each note once, with all the fields that it holds for."""
    keys: dict[str, list[str]] = {}
    for note in notes:
        keys.setdefault(note.words, []).append(f"{note.app}.{note.key}" if note.app else note.key)
    for words, names in keys.items():
        yield visible(f"  {', '.join(names)}")
        yield visible(f"      {words}")


def _mapped(made: Imported) -> Iterator[str]:
    found = [note for note in made.notes if note.outcome is Outcome.MAPPED]
    if found:
        yield f"mapped as they are: {counted(len(found), 'field')}"
        for app in dict.fromkeys(note.app for note in found):
            yield visible(f"  {_of(app)}{', '.join(note.key for note in found if note.app == app)}")
