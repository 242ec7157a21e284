"""JUnit XML in the dialect of Jenkins' xUnit plugin: one suite per file, one case per finding."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from procman.cli.forms.report import Report, advice
from procman.core.diagnostics import Finding

# XML 1.0, section 2.2: what a document may hold.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """Return a whole document. What does not fail the run is a passed case with its words as output."""
    suites = "".join(_suite(name, report) for name in report.files)
    tests = sum(max(1, len(_of(name, report))) for name in report.files)
    failures = sum(finding.severity in report.failing for finding in report.findings)
    head = f'<testsuites name="procman validate" tests="{tests}" failures="{failures}" errors="0">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{suites}</testsuites>\n'


def _of(name: str, report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.file == name]


def _suite(name: str, report: Report) -> str:
    found, path = _of(name, report), report.path(name)
    failures = sum(finding.severity in report.failing for finding in found)
    cases = "".join(_case(finding, path, fails=finding.severity in report.failing) for finding in found)
    passed = "" if found else f'    <testcase name="no findings" classname={_attribute(path)}/>\n'
    count = max(1, len(found))
    head = f'<testsuite name={_attribute(path)} tests="{count}" failures="{failures}" errors="0">'
    return f"  {head}\n{cases}{passed}  </testsuite>\n"


def _case(finding: Finding, path: str, *, fails: bool) -> str:
    place = f"{path}:{finding.span.line}:{finding.span.column}"
    name = _attribute(f"{finding.code} {finding.name} {finding.span.line}:{finding.span.column}")
    text = escape(_xml(f"{place}: {finding.severity.value}: {finding.message}\n{advice(finding)}".strip()))
    message = _attribute(finding.message)
    inside = (
        f"<failure type={_attribute(finding.code)} message={message}>{text}</failure>"
        if fails
        else f"<system-out>{text}</system-out>"
    )
    return f"    <testcase name={name} classname={_attribute(path)}>{inside}</testcase>\n"


def _attribute(text: str) -> str:
    return quoteattr(_xml(text))


def _xml(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
