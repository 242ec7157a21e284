"""Runs every rule over a context and stamps what it finds. Knows no rule by name."""

from __future__ import annotations

from procman.core.diagnostics import Finding
from procman.rules.base import Context, Problem, Rule
from procman.rules.index import RULES


def run(context: Context, rules: tuple[Rule, ...] = RULES) -> list[Finding]:
    """Return the findings of `rules` on `context`, in no order."""
    return [_stamp(rule, problem, context) for rule in rules for problem in rule.check(context)]


def _stamp(rule: Rule, problem: Problem, context: Context) -> Finding:
    return Finding(
        code=rule.CODE,
        name=rule.NAME,
        severity=rule.SEVERITY,
        message=problem.message,
        file=context.manifest.file,
        span=problem.span,
        why=rule.WHY,
        help=problem.help,
        related=problem.related,
    )
