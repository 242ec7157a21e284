"""Running rules."""

from __future__ import annotations

from procman.core.diagnostics import Finding, Related, Severity
from procman.core.source import Span
from procman.rules import engine, singleton_scaled
from procman.rules.base import Context
from tests.support.judging import manifest


def test_engine_stamps_what_a_rule_finds() -> None:
    """A problem becomes a finding with the rule's code, name, weight and reason, and the manifest's name."""
    asked, _ = manifest("services:\n  mqtt: {kind: singleton, command: a, instances: 2, memory: 90M}")
    expected = Finding(
        code="PM201",
        name="singleton-scaled",
        severity=Severity.ERROR,
        message="singleton 'mqtt' is given 2 instances",
        file="procman.yaml",
        span=Span(4, 50, 4, 51),
        why="Every plain MQTT subscriber gets every message: a second consumer writes every record twice.",
        help="remove `instances`: a singleton runs exactly once (or declare `kind: scalable` if it may run more often)",
        related=(Related(Span(4, 16, 4, 25), "declared singleton here"),),
    )
    assert [expected] == engine.run(Context(asked))


def test_engine_runs_the_rules_it_is_given() -> None:
    """All rules are the default; a caller may ask fewer."""
    asked, _ = manifest("services: {m: {kind: singleton, command: a, instances: 2}, b: {kind: singleton, command: b}}")
    assert ["PM103", "PM103", "PM201"] == sorted(f.code for f in engine.run(Context(asked)))
    assert ["PM201"] == [f.code for f in engine.run(Context(asked), (singleton_scaled,))]
