"""The text form of findings."""

import re

from procman.cli.report import render_findings, summary
from procman.core.diagnostics import Finding, Related, Severity
from procman.core.source import Source, Span

SOURCE = Source("m.yaml", "a: 1\nb: 2\n")


def made(severity: Severity = Severity.ERROR, file: str = "m.yaml", message: str = "is wrong") -> Finding:
    """Return a finding at the value of ``b``."""
    related = (Related(Span(1, 1, 1, 2), "first here"),)
    return Finding("PM999", "some-rule", severity, message, file, Span(2, 4, 2, 5), "it matters", "mend it", related)


def test_a_finding_has_place_frame_related_places_why_and_help() -> None:
    """The form is that of compilers, so that editors can jump to the place."""
    assert render_findings([made()], [SOURCE], width=80).splitlines() == [
        "m.yaml:2:4 PM999 some-rule is wrong",
        "2 | b: 2",
        "  |    ^ error",
        "1 | a: 1",
        "  | - first here",
        "  = why: it matters",
        "  = help: mend it",
        "",
        "1 error",
    ]


def test_a_finding_without_its_source_has_no_frame() -> None:
    """A place that cannot be shown is still told."""
    shown = render_findings([made(file="other.yaml")], [SOURCE], width=80)
    assert shown.splitlines()[:2] == ["other.yaml:2:4 PM999 some-rule is wrong", "  = why: it matters"]


def test_colour_adds_escapes_and_nothing_else() -> None:
    """Without the escapes, the coloured form is the plain one; plain has none."""
    coloured = render_findings([made()], [SOURCE], color=True, width=80)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_findings([made()], [SOURCE], width=80)


def test_messages_and_file_names_cannot_steer_the_terminal() -> None:
    """Escapes in them are shown, not sent."""
    assert "\x1b" not in render_findings([made(file="a\x1b[2J", message="b\x1b[2J")], [SOURCE], width=80)


def test_the_summary_counts_each_weight() -> None:
    """Errors first, and only what there is."""
    assert summary([made(Severity.WARNING), made(), made()]) == "2 errors, 1 warning"
    assert summary([]) == "no findings"
