"""GitLab's Code Quality report: findings shown in the merge request's diff.

Source: docs.gitlab.com/ci/testing/code_quality, "Code Quality report format", a subset of Code Climate's.
"""

from __future__ import annotations

import json

from procman.cli.forms.report import Report, advice
from procman.core.diagnostics import Finding, Severity

_WEIGHTS = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.HINT: "info"}


def render(report: Report) -> str:
    """Return a JSON list with one object per finding."""
    issues = [_issue(finding, mark, report.path(finding.file)) for finding, mark in report.fingerprints()]
    return json.dumps(issues, indent=2) + "\n"


def _issue(finding: Finding, mark: str, path: str) -> dict[str, object]:
    return {
        "type": "issue",
        "description": f"{finding.code} {finding.message}",
        "content": {"body": advice(finding)},
        "check_name": finding.name,
        "categories": ["Bug Risk"],
        "fingerprint": mark,
        "severity": _WEIGHTS[finding.severity],
        "location": {"path": path, "lines": {"begin": finding.span.line, "end": finding.span.end_line}},
    }
