"""Edits of a manifest's text at known places, and what each may change: one value, one key, one entry. Pure.

Text is edited, never written anew from values, so that comments, quotes, line ends and layout stay as they are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from procman.core import document as doc
from procman.core.diagnostics import Fix
from procman.core.source import Span
from procman.core.text import starts_of

Shape = tuple[object, ...]
"""What a document says, without its places: what two readings are compared by."""


def edited(text: str, fixes: Iterable[Fix]) -> str:
    """Return `text` with every one of `fixes` made; those that overlap one before them are left out."""
    starts = starts_of(text)
    done, end = [], 0
    for fix in sorted(fixes, key=lambda f: f.span):
        first, last = _range(text, starts, fix.span)
        if first >= end:
            done += [text[end:first], fix.text]
            end = last
    return "".join([*done, text[end:]])


def resolved(fix: Fix, text: str) -> Fix | None:
    """Return `fix` with the place that goes with its entry; None where more than what is meant stands there."""
    starts = starts_of(text)
    first, last = _range(text, starts, fix.span)
    if not fix.entry:
        # An anchor, a tag or the head of a block is no part of what is meant.
        plain = text[first : first + 1] not in ("&", "*", "!", "|", ">") and fix.span.line == fix.span.end_line
        return fix if plain else None
    stretch = _line_of(text, first, last) or _part_of(text, first, last)
    if stretch is None:
        return None
    first, last = stretch
    return Fix(Span(*_place(starts, first), *_place(starts, last)), "", fix.words)


def meant(node: doc.Node, fixes: Iterable[Fix]) -> Shape:
    """Return what a document has to say after `fixes` (unresolved) were made in its text, and nothing else."""
    return _meant(node, {fix.span: fix for fix in fixes})


def shape(node: doc.Node) -> Shape:
    """Return what a document says."""
    return _meant(node, {})


def _meant(node: doc.Node, fixes: dict[Span, Fix]) -> Shape:
    if isinstance(node, doc.Scalar):
        fix = fixes.get(node.span)
        if fix is None:
            return ("scalar", doc.core_value(node), node.text)
        again = doc.Scalar(fix.text, plain=True, span=node.span)
        return ("scalar", doc.core_value(again), again.text)
    if isinstance(node, doc.Sequence):
        return ("list", *(_meant(item, fixes) for item in node.items))
    entries = []
    for entry in node.entries:
        fix = fixes.get(entry.key_span)
        whole = fixes.get(Span(entry.key_span.line, entry.key_span.column, *_end(entry.value)))
        if whole is None or not whole.entry:
            entries.append((entry.key if fix is None else fix.text, _meant(entry.value, fixes)))
    return ("mapping", *entries)


def _end(node: doc.Node) -> tuple[int, int]:
    return node.span.end_line, node.span.end_column


def _line_of(text: str, first: int, last: int) -> tuple[int, int] | None:
    """Return the stretch of whole lines that hold nothing but what stands from `first` to `last`."""
    begin = max(text.rfind("\n", 0, first), text.rfind("\r", 0, first)) + 1
    tail = re.compile(r"[ \t]*(?:\r\n|\n|\r)").match(text, last)
    return (begin, tail.end()) if tail is not None and not text[begin:first].strip(" ") else None


def _part_of(text: str, first: int, last: int) -> tuple[int, int] | None:
    """Return the stretch of an entry in braces, with the comma that parts it from its neighbour."""
    after = re.compile(r" *, *").match(text, last)
    if after is not None and text[after.end() : after.end() + 1] not in ("", "\n", "\r", "#"):
        return first, after.end()
    before = re.search(r", *$", text[max(0, first - 80) : first])
    closed = re.compile(r" *}").match(text, last)
    return (first - len(before[0]), last) if before is not None and closed is not None else None


def _range(text: str, starts: list[int], span: Span) -> tuple[int, int]:
    def at(line: int, column: int) -> int:
        return min((starts[line - 1] if line <= len(starts) else len(text)) + column - 1, len(text))

    return at(span.line, span.column), at(span.end_line, span.end_column)


def _place(starts: list[int], offset: int) -> tuple[int, int]:
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1
