"""Workflow commands: GitHub shows each in the diff. It takes 10 errors, 10 warnings and 10 notices a step.

Source: docs.github.com, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from procman.cli.forms.report import Report, advice
from procman.core.diagnostics import Finding, Severity
from procman.core.words import visible

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}


def render(report: Report) -> str:
    """Return one line per finding."""
    return "".join(f"{_line(finding, report.path(finding.file))}\n" for finding in report.findings)


def _line(finding: Finding, path: str) -> str:
    span = finding.span
    # A column says nothing when a finding ends on another line, and GitHub then drops the annotation.
    columns = {"col": span.column, "endColumn": span.end_column} if span.line == span.end_line else {}
    values = {"file": path, "line": span.line, "endLine": span.end_line, **columns}
    values["title"] = f"{finding.code} {finding.name}"
    said = ",".join(f"{name}={_escaped(visible(str(value)), ',:')}" for name, value in values.items())
    text = "\n".join([visible(finding.message), *map(visible, advice(finding).splitlines())])
    return f"::{_COMMANDS[finding.severity]} {said}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    for char in f"%\r\n{more}":
        text = text.replace(char, f"%{ord(char):02X}")
    return text
