"""The text form of findings."""

import re
from dataclasses import replace

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


def test_advice_is_broken_at_words_where_that_is_wanted() -> None:
    """On a terminal it stands in a column of its own; in a pipe each piece is one line."""
    finding = replace(made(), help="one two three four five six seven eight nine ten eleven twelve")
    lines = render_findings([finding], [SOURCE], width=40, wrapped=True).splitlines()
    assert lines[6:9] == [
        "  = help: one two three four five six",
        "          seven eight nine ten eleven",
        "          twelve",
    ]
    assert "  = help: one two three four five six seven eight nine ten eleven twelve" in render_findings(
        [finding], [SOURCE], width=40
    )


def test_two_places_in_one_line_share_it() -> None:
    """The line is shown once, with marks below for each place."""
    finding = replace(made(), related=(Related(Span(2, 1, 2, 2), "declared here"),))
    assert render_findings([finding], [SOURCE], width=80).splitlines()[1:4] == [
        "2 | b: 2",
        "  |    ^ error",
        "  | - declared here",
    ]


def test_a_place_over_several_lines_says_where_it_ends() -> None:
    """The frame shows its first line."""
    finding = replace(made(), span=Span(1, 4, 3, 1), related=())
    assert render_findings([finding], [SOURCE], width=80).splitlines()[2] == "  |    ^ error, down to line 2"
