"""One rule on one manifest, read by the real loader; what it says in a form that a test can hold whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import dedent

from procman.core.broker_names import Known
from procman.core.budget import budget_for
from procman.core.facts import Facts, ServiceFacts
from procman.core.machine import named
from procman.core.manifest import Manifest, with_profile, with_scale
from procman.core.plan import make_plan
from procman.core.source import Source, Span
from procman.rules import engine
from procman.rules.base import Context, Rule
from procman.workflow.load import load_text

HEAD = "version: 1\nproject: p\n"
HERE = ServiceFacts("/srv", directory_exists=True, executable="/bin/a", user="root")


@dataclass(frozen=True, slots=True)
class Told:
    """A finding whose places are the text that stands there, after its line: ``6: 2``."""

    code: str
    name: str
    severity: str
    message: str
    help: str
    place: str
    related: tuple[tuple[str, str], ...] = ()


def manifest(text: str) -> tuple[Manifest, Source]:
    """Return the manifest in `text`, to which version and project are added; a fault of its form fails the test."""
    loaded = load_text((HEAD + dedent(text)).encode(), "procman.yaml", "/srv/procman.yaml", lambda _: {}, {})
    assert loaded.findings == (), "the manifest of the test itself is faulty"
    assert loaded.manifest is not None
    return loaded.manifest, loaded.source


def judged(
    rule: Rule,
    text: str,
    *,
    facts: Mapping[str, ServiceFacts] | None = None,
    ram: int | None = None,
    profile: str | None = None,
    scale: Mapping[str, int] | None = None,
    force: bool = False,
    names: frozenset[str] = frozenset(),
) -> list[Told]:
    """Return what `rule` says of the manifest in `text`; line 3 of the file is its first line. `names`: this host's."""
    found, source = manifest(text)
    if profile is not None:
        found = with_profile(found, profile)
    if scale is not None:
        found = with_scale(found, dict(scale))
    plan = None if ram is None else make_plan(found, budget_for(named(ram, "--ram"), found.budget))
    known = None if facts is None and not names else Facts(facts or {}, known=Known(names))
    said = engine.run(Context(found, known, plan, force), (rule,))
    assert {f.file for f in said} <= {"procman.yaml"}
    assert {f.why for f in said} <= {rule.WHY}
    return [
        Told(
            f.code,
            f.name,
            f.severity.value,
            f.message,
            f.help,
            _at(source, f.span),
            tuple((r.message, _at(source, r.span)) for r in f.related),
        )
        for f in said
    ]


def _at(source: Source, span: Span) -> str:
    return f"{span.line}: {source.line(span.line)[span.column - 1 : span.end_column - 1]}"
