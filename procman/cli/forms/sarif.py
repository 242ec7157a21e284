"""SARIF 2.1.0, the OASIS standard that code scanning of GitHub, Azure and editors reads.

Source: docs.oasis-open.org/sarif/sarif/v2.1.0.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from procman import __version__
from procman.cli.forms.report import Report, advice
from procman.core.diagnostics import Finding, Severity
from procman.core.source import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "SRCROOT"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}


def render(report: Report) -> str:
    """Return one run with every rule that spoke and all it found."""
    rules = sorted({finding.code: finding for finding in report.findings}.items())
    index = {code: number for number, (code, _) in enumerate(rules)}
    driver = {
        "name": "procman",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(finding) for _, finding in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"uri": f"file://{quote(report.root.rstrip('/'))}/"}},
        "artifacts": [{"location": _artifact(report.path(name))} for name in report.files],
        "results": [_result(finding, mark, index, report) for finding, mark in report.fingerprints()],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.code,
        "name": finding.name,
        "shortDescription": {"text": finding.name.replace("-", " ")},
        "fullDescription": {"text": finding.why or finding.name},
        "help": {"text": f"{finding.why}\nprocman explain {finding.code}".strip()},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
    }


def _result(finding: Finding, mark: str, index: dict[str, int], report: Report) -> dict[str, object]:
    path = report.path(finding.file)
    result: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join([finding.message, advice(finding)]).strip()},
        "locations": [{"physicalLocation": _physical(path, finding.span)}],
        "partialFingerprints": {"procman/v1": mark},
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _physical(path, one.span), "message": {"text": one.message}}
            for number, one in enumerate(finding.related, 1)
        ]
    if finding.fix is not None:
        edit = {"deletedRegion": _region(finding.fix.span), "insertedContent": {"text": finding.fix.text}}
        change = {"artifactLocation": _artifact(path), "replacements": [edit]}
        result["fixes"] = [{"description": {"text": finding.fix.words}, "artifactChanges": [change]}]
    return result


def _physical(path: str, span: Span) -> dict[str, object]:
    return {"artifactLocation": _artifact(path), "region": _region(span)}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _artifact(path: str) -> dict[str, object]:
    # A name may hold bytes that are no text; a URI has a way to write them.
    uri = quote(path.encode("utf-8", "surrogateescape"))
    return {"uri": f"file://{uri}"} if path.startswith("/") else {"uri": uri, "uriBaseId": ROOT}
