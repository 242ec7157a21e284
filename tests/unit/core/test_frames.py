"""Code frames: carets stand under the place, whatever the line is made of."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.frames import frame, masked
from procman.core.source import Span


@pytest.mark.parametrize(
    ("line", "columns", "text", "marks"),
    [
        ("a: bc", (4, 6), "a: bc", "   ^^"),
        ("a:\tbc", (4, 6), "a:    bc", "      ^^"),
        ("名: 前x", (4, 5), "名: 前x", "    ^^"),
        ("e\u0301: x", (5, 6), "e\u0301: x", "   ^"),
        ("a\x1b[31mb", (7, 8), "a\\x1b[31mb", "         ^"),
        ("a\u202eb", (3, 4), "a\\u202eb", "       ^"),
        ("ab", (9, 10), "ab", "  ^"),
        ("", (1, 2), "", "^"),
        ("a: b\r", (4, 5), "a: b", "   ^"),
    ],
)
def test_marks_stand_under_the_place(line: str, columns: tuple[int, int], text: str, marks: str) -> None:
    """Tabs, wide, combining and control characters all move the marks as they move the text."""
    shown = frame(line, Span(1, columns[0], 1, columns[1]), 80)
    assert (text, marks) == (shown.text, shown.marks)


def test_a_long_line_is_cut_around_the_place() -> None:
    """What is left out is marked, and the place is in what is shown."""
    shown = frame("a" * 200 + "B" + "c" * 200, Span(1, 201, 1, 202), 40)
    assert len(shown.text) <= 40
    assert shown.text[0] == shown.text[-1] == "…"
    assert shown.text[shown.marks.index("^")] == "B"


def test_a_place_over_several_lines_is_marked_to_the_end_of_the_first() -> None:
    """The frame shows one line."""
    assert frame("ab: cd", Span(1, 5, 9, 1), 80).marks == "    ^^"


@given(st.text(max_size=150), st.integers(1, 160), st.integers(0, 30), st.integers(8, 60))
def test_a_frame_never_breaks_the_terminal(line: str, column: int, length: int, width: int) -> None:
    """Whatever the line, the frame fits the width, is printable, and marks something."""
    shown = frame(line.replace("\n", " "), Span(1, column, 1, column + length), width)
    assert shown.text.isprintable()
    assert set(shown.marks) <= {" ", "^"}
    assert "^" in shown.marks
    columns = sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in shown.text)
    assert columns <= width + 10


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (Span(1, 4, 1, 7), ["A: ***, b: 1", "  two", "three"]),
        (Span(1, 4, 2, 4), ["A: *********", "  *wo", "three"]),
        (Span(2, 3, 3, 99), ["A: xyz, b: 1", "  ***", "*****"]),
        (Span(1, 90, 1, 95), ["A: xyz, b: 1", "  two", "three"]),
        (Span(3, 1, 9, 2), ["A: xyz, b: 1", "  two", "*****"]),
    ],
)
def test_what_is_masked_keeps_its_width(span: Span, shown: list[str]) -> None:
    """Each character within the place is a star, nothing else changes, and a place past the end does no harm."""
    assert shown == masked(["A: xyz, b: 1", "  two", "three"], [span])
