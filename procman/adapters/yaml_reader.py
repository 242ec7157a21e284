"""The door to YAML: text to located nodes, or what keeps it from being YAML. Knows nothing of the manifest.

Reads PyYAML's *events*: composing nodes crashes on deep nesting, never ends on an alias bomb, keeps the last of two
equal keys and reads YAML 1.1 scalars.
"""

from __future__ import annotations

import re

from procman.core.codes import finding
from procman.core.diagnostics import Finding, Related
from procman.core.document import Node
from procman.core.source import START, Source, Span
from procman.core.text import USUAL, Limits, decode

__all__ = ["decode", "read"]

# (what PyYAML says, with or without libyaml; what procman says; what helps)
_MEANINGS = (
    (
        "mapping values are not allowed",
        "a second ': ' in one line, or a key in the wrong column",
        'quote the value if it holds ": ", or line the key up with its neighbours',
    ),
    ("cannot start any token", "a value cannot begin with this character", 'quote the value: "..."'),
    ("expected ',' or '}'", "this {...} is not closed, or lacks a comma", "quote values that hold { or }"),
    ("expected ',' or ']'", "this [...] is not closed, or lacks a comma", "close it with ], put commas between items"),
    ("unexpected end of stream", "a quote is opened and never closed", "close the quote"),
    ("expected key", "this line does not line up with the keys above", "give all keys of a mapping the same indent"),
    ("expected <block end>", "this line does not line up with those above", "give all entries the same indent"),
    ("expected '-' indicator", "this line is no item of the list above", "begin it with '- ', or change its indent"),
    ("<document start>", "this line is indented less than the first key", "begin every top-level key in column 1"),
    (
        "could not find expected ':'",
        "this line is neither 'key: value' nor part of a value above",
        "write 'key: value', with a space after the colon",
    ),
    ("unknown escape character", "this escape means nothing in YAML", "for a backslash, use '...' instead of \"...\""),
)


def read(source: Source, file: str, limits: Limits = USUAL) -> tuple[Node | None, list[Finding]]:
    """Return the document in `source` and what is wrong with it; no document when nothing can be made of it."""
    import yaml  # noqa: PLC0415 - 20 ms that commands without a manifest do not pay

    from procman.adapters.yaml_tree import Refused, Tree  # noqa: PLC0415 - it needs yaml

    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    tree = Tree(file, limits.values)
    try:
        for event in yaml.parse(source.text, Loader=loader):
            tree.feed(event)
    except Refused as refused:
        return None, [*tree.findings, refused.finding]
    except yaml.MarkedYAMLError as error:
        return None, [*tree.findings, _syntax(source, file, error)]
    except (yaml.YAMLError, ValueError, OverflowError):
        # The pure parser lets chr() and int() refuse absurd escapes and version numbers.
        return None, [*tree.findings, _found(file, START, "not YAML: a character or number is out of range", "")]
    if tree.root is None:
        empty = finding("PM007", "the manifest is empty", file=file, span=START, help="procman init writes a first one")
        return None, [*tree.findings, empty]
    return tree.root, tree.findings


def _syntax(source: Source, file: str, error: object) -> Finding:
    problem = str(getattr(error, "problem", "") or "not YAML")
    span = _mark(getattr(error, "problem_mark", None)) or START
    opened = _mark(getattr(error, "context_mark", None))
    message, advice = _meaning(problem)
    if re.match(r"[ ]*\t", source.line(span.line)):
        return _found(file, span, "a tab in the indentation", "indent with spaces: YAML does not allow tabs there")
    bare = _without_colon(source, span.line) if "mapping values" in problem else None
    if bare is not None:
        return _found(
            file, bare, "this line has no ': ' behind its key", "write 'key: value', with a space after the colon"
        )
    if opened is None or opened == span:
        return _found(file, span, message, advice)
    if "end of stream" in problem:
        return _found(file, opened, message, advice)
    return _found(file, span, message, advice, (Related(opened, "what it belongs to begins here"),))


def _without_colon(source: Source, line: int) -> Span | None:
    """Return the line above `line` when it is what the parser stumbled over: ``kind scalable``, in the same column."""
    above, here = source.line(line - 1) if line > 1 else "", source.line(line)
    words = above.strip()
    indent = len(above) - len(above.lstrip(" "))
    if (
        not words
        or ": " in words
        or words[-1] == ":"
        or words[0] in "-#'\""
        or indent != len(here) - len(here.lstrip(" "))
    ):
        return None
    return Span(line - 1, indent + 1, line - 1, indent + len(words) + 1)


def _meaning(problem: str) -> tuple[str, str]:
    for part, message, advice in _MEANINGS:
        if part in problem:
            return message, advice
    return f"not YAML: {problem}", ""


def _mark(mark: object) -> Span | None:
    line, column = getattr(mark, "line", None), getattr(mark, "column", None)
    if not isinstance(line, int) or not isinstance(column, int):
        return None
    return Span(line + 1, column + 1, line + 1, column + 2)


def _found(file: str, span: Span, message: str, advice: str, related: tuple[Related, ...] = ()) -> Finding:
    return finding("PM001", message, file=file, span=span, help=advice, related=related)
