"""Findings about a manifest, as values: what is wrong, where, why it matters and what to do."""

from __future__ import annotations

from enum import StrEnum

from procman.core.source import Span
from procman.core.values import dataclass


class Severity(StrEnum):
    """How much a finding weighs: only errors stop a command."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


MOST_FOUND = 1_000
"""Findings of one manifest that are kept: nobody mends more at once, and hostile input must not cost more."""


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that a finding needs: "declared singleton here"."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Fix:
    """An edit that changes nothing but what was found: `text` in place of `span`; `words` say what and why it is safe.

    `entry`: the span is a key with its value, and what sets it apart, its line or its comma, goes with it.
    """

    span: Span
    text: str
    words: str
    entry: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault at one place of one file. `code` and `name` identify the rule for good."""

    code: str
    name: str
    severity: Severity
    message: str
    file: str
    span: Span
    why: str = ""
    help: str = ""
    related: tuple[Related, ...] = ()
    fix: Fix | None = None


def by_place(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return `findings` sorted by file, place and code, each once."""
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=lambda f: (f.file, f.span, f.code, f.message)))


def kept(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return `findings`, sorted by place, or the first MOST_FOUND of them, errors before warnings before hints."""
    if len(findings) <= MOST_FOUND:
        return findings
    weights = list(Severity)
    first = sorted(range(len(findings)), key=lambda i: (weights.index(findings[i].severity), i))[:MOST_FOUND]
    return tuple(findings[i] for i in sorted(first))


def errors(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return those of `findings` that stop a command."""
    return tuple(f for f in findings if f.severity is Severity.ERROR)
