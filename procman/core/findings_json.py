"""Findings as the JSON that scripts rely on: keys are added, never renamed."""

from __future__ import annotations

from collections.abc import Iterable

from procman.core.diagnostics import Finding, Fix, Severity

SCHEMA_VERSION = 1


def findings_document(findings: Iterable[Finding]) -> dict[str, object]:
    """Return the whole report: every finding and a summary of their numbers."""
    found = tuple(findings)
    numbers = {f"{severity.value}s": sum(f.severity is severity for f in found) for severity in Severity}
    return {
        "schema_version": SCHEMA_VERSION,
        "findings": [finding_to_json(f) for f in found],
        "summary": numbers,
    }


def finding_to_json(finding: Finding) -> dict[str, object]:
    """Return one finding. Lines and columns count from 1, columns in characters, the end is exclusive."""
    span = finding.span
    return {
        "file": finding.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "message": finding.message,
        "why": finding.why,
        "help": finding.help,
        "fix": fix_to_json(finding.fix),
        "related": [{"line": r.span.line, "column": r.span.column, "message": r.message} for r in finding.related],
    }


def fix_to_json(fix: Fix | None) -> dict[str, object] | None:
    """Return the edit that mends a finding, or None: `text` in place of what stands from line and column to the end."""
    if fix is None:
        return None
    span = fix.span
    return {
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "text": fix.text,
        "message": fix.words,
    }
