"""What `procman validate` says in the end: the report in its form, the summary, the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from procman.cli import console
from procman.core.diagnostics import Finding, Severity
from procman.core.errors import EXIT_FAILED, EXIT_OK, ProcmanError, WrongUse
from procman.core.values import dataclass
from procman.core.words import counted

if TYPE_CHECKING:
    from procman.cli.mending import Mended

FORMS_WITH_STATISTICS = ("text", "json")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to report. `shown` and `failing` are weights; `mending` is ``fix``, ``diff`` or empty."""

    form: str
    output: str | None
    shown: frozenset[Severity]
    failing: frozenset[Severity]
    statistics: bool = False
    explained: bool = False
    mending: str = ""


def form(asked: str, environment: Mapping[str, str]) -> str:
    """Return the form of the report; `auto` is what the CI system around us shows in the diff, else text."""
    if asked != "auto":
        return asked
    return "github" if environment.get("GITHUB_ACTIONS") == "true" else "text"


def down_to(lowest: str) -> frozenset[Severity]:
    """Return every weight from error down to `lowest`; none for ``never``."""
    weights = list(Severity)
    return frozenset() if lowest == "never" else frozenset(weights[: weights.index(Severity(lowest)) + 1])


def check_wanted(wanted: Wanted) -> None:
    """Raise WrongUse for options that make no sense together."""
    if wanted.statistics and wanted.form not in FORMS_WITH_STATISTICS:
        raise WrongUse("--statistics goes with --format text or json", "leave one of the two out")
    if wanted.explained and wanted.form != "text":
        raise WrongUse("--explain-fixes goes with --format text", "json and sarif carry every fix anyway")


def complain(error: ProcmanError) -> None:
    """Say on stderr why one of several files was not checked."""
    console.talk(f"procman: {error.message}\n  {error.help}")


def report(done: list[Mended], wanted: Wanted) -> int:
    """Report what was found in every file and return the exit code."""
    found = tuple(f for one in done for f in one.checked.findings)
    shown = tuple(f for f in found if f.severity in wanted.shown)
    closing = _closing(done, found, shown, wanted)
    occupied = wanted.mending == "diff" or (wanted.mending == "fix" and any(one.checked.input.stdin for one in done))
    if wanted.output is not None:
        from procman.workflow.mend import write_report

        write_report(wanted.output, _text(done, shown, wanted, closing, None))
        console.talk(f"{closing}; written to {wanted.output}")
    else:
        stream = sys.stderr if occupied else sys.stdout
        text = _text(done, shown, wanted, closing, stream)
        stream.write(text)
        if wanted.form != "text" or not text:
            console.talk(closing)
    changes = wanted.mending == "diff" and any(one.fixed for one in done)
    return EXIT_FAILED if changes or any(f.severity in wanted.failing for f in found) else EXIT_OK


def _closing(done: list[Mended], found: tuple[Finding, ...], shown: tuple[Finding, ...], wanted: Wanted) -> str:
    """Return the summary: how many of which weight, in what, and what can be mended."""
    from procman.cli.report import summary

    names = [one.checked.name for one in done]
    if not found:
        said = f"no findings in {', '.join(names) if len(names) <= 3 else counted(len(names), 'manifest')}"  # noqa: PLR2004
    else:
        faulty = len({f.file for f in found})
        said = summary(found) + (f" in {faulty} of {len(names)} manifests" if len(names) > 1 else "")
    notes = []
    if len(shown) < len(found):
        notes.append(f"{len(found) - len(shown)} not shown: --severity hint")
    left_out = sum(one.checked.left_out for one in done)
    if left_out:
        notes.append(f"{left_out} more left out: mend these first")
    fixed, fixable = sum(len(one.fixed) for one in done), sum(f.fix is not None for f in found)
    if fixed:
        notes.append(f"{fixed} {'would be ' if wanted.mending == 'diff' else ''}mended")
    if fixable:
        notes.append(f"{fixable} can be mended: procman validate --fix{_named({f.file for f in found if f.fix})}")
    return f"{said} ({'; '.join(notes)})" if notes else said


def _named(files: set[str]) -> str:
    """Return the files that a command has to name, which looks at procman.yaml by itself."""
    import shlex

    if files == {"procman.yaml"} or not all(map(os.path.exists, files)):
        return ""
    return f" {shlex.join(sorted(files))}" if len(files) <= 3 else " FILES"  # noqa: PLR2004


def _text(done: list[Mended], shown: tuple[Finding, ...], wanted: Wanted, closing: str, stream: TextIO | None) -> str:
    """Return the whole report in its form, an empty text when there is nothing to say."""
    if wanted.statistics:
        return _statistics(shown, wanted.form, closing)
    if wanted.form == "text":
        from procman.cli.report import render_findings

        if not shown:
            return ""
        sources = [one.checked.source for one in done]
        secrets = {one.checked.source.name: one.checked.secrets for one in done}
        text = render_findings(
            shown,
            sources,
            color=stream is not None and console.colour(stream),
            fixes=wanted.explained,
            closing=closing,
            secrets=secrets,
            wrapped=stream is not None and stream.isatty(),
        )
        return text + "\n"
    if wanted.form == "json":
        from procman.core.findings_json import findings_document

        return _json({**findings_document(shown), "left_out": sum(one.checked.left_out for one in done)})
    return _ci_form(done, shown, wanted)


def _ci_form(done: list[Mended], shown: tuple[Finding, ...], wanted: Wanted) -> str:
    from importlib import import_module

    from procman.cli.forms.report import Report

    here = os.getcwd()  # noqa: PTH109
    root = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or here
    checked = [one.checked for one in done]
    whole = Report(
        tuple(c.name for c in checked),
        tuple(c.source for c in checked),
        shown,
        wanted.failing,
        os.path.normpath(root),
        here,
    )
    return str(import_module(f"procman.cli.forms.{wanted.form}").render(whole))


def _statistics(shown: tuple[Finding, ...], form: str, closing: str) -> str:
    from procman.cli.forms.report import statistics

    rows = statistics(shown)
    if form == "json":
        kinds = ({"code": f.code, "name": f.name, "severity": f.severity.value, "count": n} for n, f in rows)
        from procman.core.findings_json import findings_document

        document = findings_document(shown)
        return _json({**document, "findings": [], "statistics": list(kinds)})
    lines = console.table([(str(n), f.code, f.name, f.severity.value) for n, f in rows], (0,), "") if rows else []
    return "".join(f"{line}\n" for line in [*lines, "", closing]) if rows else ""


def _json(document: Mapping[str, object]) -> str:
    import json

    return json.dumps(document, indent=2) + "\n"
