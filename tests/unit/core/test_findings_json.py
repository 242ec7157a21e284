"""Findings as JSON: the keys that scripts rely on."""

import json

from procman.core.codes import CODES, finding
from procman.core.diagnostics import Fix, Related, Severity
from procman.core.findings_json import finding_to_json, findings_document
from procman.core.source import Span


def test_a_finding_has_the_keys_that_scripts_rely_on() -> None:
    """Place, code, name, severity, message and help, under these names."""
    made = finding(
        "PM002", "m", file="f", span=Span(1, 2, 3, 4), help="h", related=(Related(Span(5, 6, 5, 7), "first"),)
    )
    assert finding_to_json(made) == {
        "file": "f",
        "line": 1,
        "column": 2,
        "end_line": 3,
        "end_column": 4,
        "code": "PM002",
        "name": "duplicate-key",
        "severity": "error",
        "message": "m",
        "why": CODES["PM002"].why,
        "help": "h",
        "fix": None,
        "related": [{"line": 5, "column": 6, "message": "first"}],
    }


def test_a_fix_is_an_edit_that_a_script_can_make() -> None:
    """The place that is replaced, the text in its place, and the words for the one who looks at it."""
    made = finding("PM002", "m", file="f", span=Span(1, 2, 3, 4), fix=Fix(Span(1, 2, 1, 7), "400M", "one letter"))
    assert finding_to_json(made)["fix"] == {
        "line": 1,
        "column": 2,
        "end_line": 1,
        "end_column": 7,
        "text": "400M",
        "message": "one letter",
    }


def test_the_document_sums_up() -> None:
    """The summary counts each weight, and the whole is plain JSON."""
    made = finding("PM001", "m", file="f", span=Span(1, 1, 1, 2))
    document = findings_document([made, made])
    assert document["summary"] == {"errors": 2, "warnings": 0, "hints": 0}
    assert json.loads(json.dumps(document)) == document


def test_codes_never_change_meaning() -> None:
    """This list only grows at its end."""
    assert [(code, kind.name, kind.severity) for code, kind in CODES.items()] == [
        ("PM001", "yaml-syntax", Severity.ERROR),
        ("PM002", "duplicate-key", Severity.ERROR),
        ("PM003", "unknown-key", Severity.ERROR),
        ("PM004", "missing-key", Severity.ERROR),
        ("PM005", "wrong-type", Severity.ERROR),
        ("PM006", "bad-name", Severity.ERROR),
        ("PM007", "empty-manifest", Severity.ERROR),
        ("PM008", "unset-variable", Severity.ERROR),
        ("PM009", "unsupported-version", Severity.ERROR),
        ("PM010", "bad-value", Severity.ERROR),
        ("PM011", "suppression-malformed", Severity.ERROR),
        ("PM012", "suppression-unreasoned", Severity.WARNING),
        ("PM013", "suppression-unknown", Severity.WARNING),
        ("PM014", "suppression-unused", Severity.WARNING),
        ("PM015", "suppression-refused", Severity.WARNING),
    ]
