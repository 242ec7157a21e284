"""Runs every rule over a context and stamps what it finds. Knows no rule by name."""

from __future__ import annotations

from procman.core.codes import CODES
from procman.core.diagnostics import Finding
from procman.rules.base import Context, Problem, Rule
from procman.rules.index import ASK_HOST, RULES


def run(context: Context, rules: tuple[Rule, ...] = RULES) -> list[Finding]:
    """Return the findings of `rules` on `context` that its comments do not suppress, in no order."""
    found = [_stamp(rule, problem, context) for rule in rules for problem in rule.check(context)]
    if not context.manifest.comments:
        return found
    from procman.core.suppress import settled  # noqa: PLC0415 - few manifests suppress anything

    known = {**{code: kind.name for code, kind in CODES.items()}, **{rule.CODE: rule.NAME for rule in RULES}}
    return settled(found, context.manifest.comments, context.manifest.file, known, _judged(context, rules))


def _judged(context: Context, rules: tuple[Rule, ...]) -> set[str]:
    """Return the codes that would have been found if they were there: what is not known may come back elsewhere."""
    manifest = context.manifest
    if not manifest.whole or manifest.profile is not None or manifest.scaled:
        return set()
    asked = context.facts is not None and context.plan is not None
    return {rule.CODE for rule in rules if asked or rule not in ASK_HOST}


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
        fix=problem.fix,
    )
