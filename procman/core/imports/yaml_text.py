"""A sketch becomes the text of a manifest. Layout and quoting only; what is written was decided before."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping

from procman.core.document import Scalar, core_value
from procman.core.imports.draft import Draft, Entry, Sketch, Value
from procman.core.source import MARK, START
from procman.core.words import visible

WIDTH = 100
_BLOCKS = frozenset({"env", "consumes"})
_FREE = frozenset({"env"})
"""Mappings whose values are text whatever they look like."""

# What stands without quotes in a block, and inside [] and {}.
_PLAIN = r"[A-Za-z0-9_./$(+=-][A-Za-z0-9_./$(){}+@=:;,%~^|&<>*?!'\"\[\]\\ -]*"
_PLAIN_IN_FLOW = r"[A-Za-z0-9_./$(+=-][A-Za-z0-9_./$()+@=:;%~^|&<>*?!\\ -]*"
_EXPLAINED = (
    "# RAM that services may use: this machine's, less a reserve for the system, a broker and a database.\n"
    "# `procman plan` shows what fits, `procman plan --ram 2G` asks for another machine.\n"
    "budget: {ram: auto}\n\n"
)


def text(sketch: Sketch) -> str:
    """Return the text of the manifest that `sketch` describes."""
    head = "".join(f"{line}\n" for words in sketch.head for line in comment(words))
    budget = _EXPLAINED if sketch.explained else ""
    services = "\n".join("".join(f"{line}\n" for line in _service(draft)) for draft in sketch.services)
    return f"{head}version: 1\nproject: {_scalar(sketch.project)}\n\n{budget}services:\n{services}"


def comment(words: str, indent: str = "") -> list[str]:
    """Return `words` as lines of comment. Whatever they repeat of a file cannot speak to procman or end the line."""
    safe = visible(words).replace(MARK, MARK.replace(":", " :"))
    lines = textwrap.wrap(safe, WIDTH - len(indent) - 2, break_on_hyphens=False) or [""]
    return [f"{indent}# {line}".rstrip() for line in lines]


def _service(draft: Draft) -> Iterator[str]:
    for words in draft.reasons:
        yield from comment(words, "  ")
    yield f"  {draft.name}:"
    yield f"    kind: {draft.kind.value}"
    for entry in draft.entries:
        yield from _entry(entry)
    for words in draft.below:
        yield from comment(words, "    ")


def _entry(entry: Entry) -> Iterator[str]:
    value = entry.value
    if isinstance(value, Mapping) and entry.key in _BLOCKS:
        if entry.comment:
            yield from comment(entry.comment, "    ")
        yield f"    {entry.key}:"
        for key, inner in value.items():
            yield f"      {key}: {_value(inner, free=entry.key in _FREE)}"
        return
    line = f"    {entry.key}: {_value(value)}"
    aside = f"{line}  {comment(entry.comment)[0]}" if entry.comment else line
    if entry.comment and (len(aside) > WIDTH or len(comment(entry.comment)) > 1):
        yield from comment(entry.comment, "    ")
        aside = line
    yield aside


def _value(value: Value, *, free: bool = False, flow: bool = False) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _scalar(value, free=free, flow=flow)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_value(inner, free=free, flow=True)}' for key, inner in value.items())}}}"
    return f"[{', '.join(_value(item, flow=True) for item in value)}]"


def _scalar(value: str, *, free: bool = False, flow: bool = False) -> str:
    form = _PLAIN_IN_FLOW if flow else _PLAIN
    plain = re.fullmatch(form, value) and not re.search(r": |:$| #|^-( |$)|^---|^\.\.\.| $", value)
    if plain and _is_text(value, free=free) and ":-}" not in value:
        return value
    return _quoted(value)


def _is_text(value: str, *, free: bool) -> bool:
    read = core_value(Scalar(value, plain=True, span=START))
    return read is not None if free else isinstance(read, str)


def _quoted(value: str) -> str:
    """Return `value` in double quotes, as YAML reads them: what JSON writes, but for what no file may hold."""
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    written = json.dumps(whole, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in written)
