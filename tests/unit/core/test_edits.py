"""Edits: text changes at the place alone, and what the document says changes in the meant way alone."""

import pytest

from procman.adapters import yaml_reader
from procman.core.diagnostics import Fix
from procman.core.document import Mapping
from procman.core.edits import edited, meant, resolved, shape
from procman.core.source import Source, Span


def entry(text: str, key: str) -> Fix:
    """Return the fix that takes the entry `key` out of the one mapping in `text`."""
    node, findings = yaml_reader.read(Source("m", text), "m")
    assert findings == []
    assert isinstance(node, Mapping)
    mapping = node if node.get(key) is not None else node.entries[0].value
    assert isinstance(mapping, Mapping)
    (found,) = [e for e in mapping.entries if e.key == key]
    end = found.value.span
    span = Span(found.key_span.line, found.key_span.column, end.end_line, end.end_column)
    return Fix(span, "", "why", entry=True)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a: 1\nx: 1\nb: 2\n", "a: 1\nb: 2\n"),
        ("x: 1\nb: 2\n", "b: 2\n"),
        ("m:\n  a: 1\n  x: 1\n", "m:\n  a: 1\n"),
        ("m:\r\n  x: 1\r\n  a: 1\r\n", "m:\r\n  a: 1\r\n"),
        ("m: {x: 1, a: 1}\n", "m: {a: 1}\n"),
        ("m: {a: 1, x: 1}\n", "m: {a: 1}\n"),
        ("m: {a: 1, x: 1, b: 2} # why\n", "m: {a: 1, b: 2} # why\n"),
        ("m: { a: 1, x: {y: 1} }\n", "m: { a: 1 }\n"),
        ("a: 1\nx: 1 # said here\n", None),
        ("m: {x: 1}\n", None),
        ("m: {a: 1,\n  x: 1}\n", None),
        ("m: {x: 1, # why\n  a: 1}\n", None),
    ],
)
def test_an_entry_goes_with_its_line_or_its_comma(text: str, after: str | None) -> None:
    """Where a comment or the last entry would go too, there is no edit; else what is left says the same."""
    fix = entry(text, "x")
    found = resolved(fix, text)
    assert after == (None if found is None else edited(text, [found]))
    if after is not None:
        before, again = yaml_reader.read(Source("m", text), "m")[0], yaml_reader.read(Source("m", after), "m")[0]
        assert before is not None
        assert again is not None
        assert shape(again) == meant(before, [fix]) != shape(before)


def test_edits_are_made_side_by_side_and_never_on_top_of_each_other() -> None:
    """Places are those of the text as it was; of two that overlap the first is made."""
    fixes = [
        Fix(Span(2, 4, 2, 5), "22", ""),
        Fix(Span(1, 4, 1, 7), "x", ""),
        Fix(Span(1, 5, 1, 6), "never", ""),
        Fix(Span(3, 1, 3, 1), "c: 3", ""),
    ]
    assert edited("a: 111\r\nb: 2\u2028", fixes) == "a: x\r\nb: 22\u2028c: 3"
