"""The forms for CI systems: valid by their own schemas, faithful, and safe whatever the findings say."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.cli.forms import github, gitlab, junit, sarif
from procman.cli.forms.report import Report, statistics
from procman.core.diagnostics import Finding, Fix, Related, Severity
from procman.core.source import Source, Span

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"
ALL = frozenset(Severity)
HERE = Span(2, 4, 2, 7)


def checker(name: str) -> Any:  # noqa: ANN401 - what the test-only packages hand out has no types here
    """Return a package that only tests need; without it a test is skipped, but not where CI vouches for all."""
    return import_module(name) if os.environ.get("CI") else pytest.importorskip(name)


def made(
    message: str = "is wrong",
    severity: Severity = Severity.ERROR,
    file: str = "deploy/m.yaml",
    span: Span = HERE,
    code: str = "PM201",
) -> Finding:
    """Return a finding with everything in it."""
    related = (Related(Span(1, 1, 1, 2), "declared here"),)
    return Finding(
        code, "some-rule", severity, message, file, span, "it matters", "mend it", related, Fix(span, "x", "w")
    )


def report(*findings: Finding, failing: frozenset[Severity] = ALL, root: str = "/srv/app") -> Report:
    """Return a report of `findings` in two files, one of which is clean unless they say otherwise."""
    files = tuple(dict.fromkeys(["deploy/m.yaml", "clean.yaml", *(f.file for f in findings)]))
    return Report(files, tuple(Source(name, "a: 1\nb: 222\n") for name in files), findings, failing, root, "/srv/app")


ADVICE = "%0Awhy: it matters%0Ahelp: mend it"
MIXED = report(
    made(),
    made("also: 100 %\nof it", Severity.WARNING, span=Span(1, 1, 3, 1), code="PM103"),
    made("twice"),
    made("twice"),
    made("a hint", Severity.HINT, file="/etc/other.yaml", code="PM605"),
)
PLACES = st.builds(
    lambda line, column, lines, columns: Span(line, column, line + lines, column + columns),
    *(st.integers(1, 9), st.integers(1, 9), st.integers(0, 3), st.integers(1, 9)),
)
CHARS = st.characters(exclude_categories=())
# What a file may be called here: any bytes but NUL and the slash, as Python reads them.
NAMES = st.binary(max_size=20).map(lambda name: f"d/n{os.fsdecode(name.translate(None, bytes(1) + b'/'))}")
ANY = st.builds(made, st.text(CHARS), st.sampled_from(Severity), NAMES, PLACES)
REPORTS = st.lists(ANY, max_size=4).map(lambda found: report(*found, failing=frozenset({Severity.ERROR})))


def _sarif_faults(text: str) -> Iterator[str]:
    jsonschema = checker("jsonschema")
    schema = json.loads((SCHEMAS / "sarif-2.1.0-rtm.4.json").read_text(encoding="utf-8"))
    return (fault.message for fault in jsonschema.Draft4Validator(schema).iter_errors(json.loads(text)))


def _gitlab_faults(text: str) -> Iterator[str]:
    jsonschema = checker("jsonschema")
    schema = json.loads((SCHEMAS / "gitlab-code-quality.json").read_text(encoding="utf-8"))
    return (fault.message for fault in jsonschema.Draft7Validator(schema).iter_errors(json.loads(text)))


def _junit_faults(text: str) -> list[str]:
    etree = checker("lxml.etree")
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / "junit-10.xsd")))
    return [] if schema.validate(etree.fromstring(text.encode())) else [str(fault) for fault in schema.error_log]


FAULTS = {sarif: _sarif_faults, gitlab: _gitlab_faults, junit: _junit_faults}


@pytest.mark.parametrize("form", FAULTS, ids=lambda form: form.__name__.rpartition(".")[2])
@pytest.mark.parametrize("whole", [MIXED, report()], ids=["findings", "none"])
def test_a_report_is_valid_by_the_schema_of_its_form(form: Any, whole: Report) -> None:  # noqa: ANN401 - a module
    """SARIF by OASIS' schema, JUnit by Jenkins' XSD, GitLab by a schema of its documented fields."""
    assert list(FAULTS[form](form.render(whole))) == []


@pytest.mark.parametrize("form", FAULTS, ids=lambda form: form.__name__.rpartition(".")[2])
def test_the_schemas_refuse_what_is_wrong(form: Any) -> None:  # noqa: ANN401 - a module
    """A report with a needed part taken out is told: the check above can fail."""
    text = form.render(MIXED)
    for broken in (
        text.replace('"version": "2.1.0"', '"version": "2"'),
        text.replace('"fingerprint"', '"print"'),
        text.replace("<testcase name=", "<testcase nom="),
    ):
        if broken != text:
            assert list(FAULTS[form](broken)) != []
            return
    pytest.fail("nothing was broken")


@given(REPORTS)
def test_whatever_a_finding_says_the_reports_are_valid(whole: Report) -> None:
    """Line ends, quotes, markup, control characters, halves of characters: in messages and in file names."""
    for form, faults in FAULTS.items():
        assert list(faults(form.render(whole))) == []


@given(REPORTS)
def test_one_finding_is_one_line_for_github(whole: Report) -> None:
    """No message can smuggle in a workflow command of its own: each line begins with the command that was meant."""
    lines = github.render(whole).split("\n")[:-1]
    assert len(whole.findings) == len(lines)
    for line, finding in zip(lines, whole.findings, strict=True):
        command = {"error": "error", "warning": "warning", "hint": "notice"}[finding.severity]
        assert line.startswith(f"::{command} file=d/")
        assert line.count("::") >= 2
        assert "\r" not in line


def test_github_lines_carry_place_title_and_advice() -> None:
    """Columns only where they are on one line; the rest of the message follows the first line."""
    assert github.render(MIXED).splitlines()[:2] == [
        f"::error file=deploy/m.yaml,line=2,endLine=2,col=4,endColumn=7,title=PM201 some-rule::is wrong{ADVICE}",
        f"::warning file=deploy/m.yaml,line=1,endLine=3,title=PM103 some-rule::also: 100 %25\\x0aof it{ADVICE}",
    ]


def test_fingerprints_stay_when_lines_move_and_are_no_others() -> None:
    """The same finding further down has the same one; two equal findings have two."""
    here = [mark for _, mark in MIXED.fingerprints()]
    moved = report(*(made(f.message, f.severity, f.file, Span(90, 1, 90, 2), f.code) for f in MIXED.findings))
    assert here == [mark for _, mark in moved.fingerprints()]
    assert len(set(here)) == len(here)


def test_paths_begin_at_the_root_of_the_checkout() -> None:
    """Relative and absolute names become what the CI system calls the file; outside they stay whole."""
    whole = report(root="/srv")
    assert ["app/a.yaml", "a.yaml", "app/b/a.yaml", "/etc/a.yaml", "/srvx/a"] == [
        whole.path(name) for name in ("a.yaml", "../a.yaml", "/srv/app/b/a.yaml", "/etc/a.yaml", "/srvx/a")
    ]


def test_sarif_carries_fixes_second_places_and_rules() -> None:
    """An editor can make the fix; code scanning shows both places and what the rule is."""
    (run,) = json.loads(sarif.render(report(made())))["runs"]
    (result,) = run["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert [
        {
            "deletedRegion": {"startLine": 2, "startColumn": 4, "endLine": 2, "endColumn": 7},
            "insertedContent": {"text": "x"},
        }
    ] == (change["replacements"])
    assert result["relatedLocations"][0]["message"] == {"text": "declared here"}
    assert ["PM201"] == [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "deploy/m.yaml",
        "uriBaseId": "SRCROOT",
    }


def test_junit_fails_only_what_fails_the_run() -> None:
    """A warning that does not change the exit code is a passed case, and a clean file is one."""
    text = junit.render(report(made(), made(severity=Severity.WARNING), failing=frozenset({Severity.ERROR})))
    assert text.count("<failure ") == 1
    assert text.count("<system-out>") == 1
    assert '<testcase name="no findings" classname="clean.yaml"/>' in text
    assert 'tests="3" failures="1"' in text


def test_statistics_count_each_rule_most_first() -> None:
    """Equal numbers stand in the order of their codes."""
    assert [(3, "PM201"), (1, "PM103"), (1, "PM605")] == [(n, f.code) for n, f in statistics(MIXED.findings)]
