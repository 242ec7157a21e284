"""The comments of a manifest that speak to procman. YAML readers drop comments, so they are looked for in the text.

A ``#`` begins a comment at the start of a line or after white space (YAML 1.2, section 6.6), unless it stands inside a
scalar: quotes, and the lines below a ``|`` or ``>``. Where those are, PyYAML knows.
"""

from __future__ import annotations

import re

from procman.core.source import MARK, Comment, Source, Span
from procman.core.text import lines_of

_BEGIN = re.compile(r"(?:^|(?<=[ \t]))#+[ \t]*procman:")


def comments(source: Source) -> tuple[Comment, ...]:
    """Return the comments that begin with ``procman:``, in order. `source` is YAML that could be read."""
    if MARK not in source.text:
        return ()
    # several may stand in one line: the first could be inside quotes
    found = [
        Comment(line[match.start() :].rstrip(), _rest(number, match.start(), line))
        for number, line in enumerate(lines_of(source.text), 1)
        if MARK in line
        for match in _BEGIN.finditer(line)
    ]
    if not found:
        return ()
    texts = _texts(source)
    outside: dict[int, Comment] = {}
    for comment in found:
        if not any(_inside(comment.span, text) for text in texts):
            outside.setdefault(comment.span.line, comment)
    return tuple(outside.values())


def _rest(number: int, start: int, line: str) -> Span:
    return Span(number, start + 1, number, len(line.rstrip()) + 1)


def _texts(source: Source) -> list[Span]:
    """Return the place of every scalar that holds the mark; a comment beside it is not among its lines."""
    import yaml  # noqa: PLC0415 - loaded already where a manifest was read

    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    texts = []
    for event in yaml.parse(source.text, Loader=loader):
        start, end = event.start_mark, event.end_mark
        if isinstance(event, yaml.ScalarEvent) and MARK in event.value and start is not None and end is not None:
            # behind | and > a comment may stand; the text begins in the next line
            line, column = (start.line + 2, 1) if event.style in ("|", ">") else (start.line + 1, start.column + 1)
            texts.append(Span(line, column, end.line + 1, end.column + 1))
    return texts


def _inside(span: Span, text: Span) -> bool:
    return (text.line, text.column) <= (span.line, span.column) < (text.end_line, text.end_column)
