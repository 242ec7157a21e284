"""The located document: what the YAML says and where, before anything is known of its meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator

from procman.core.source import Path, Places, Span
from procman.core.values import dataclass

# Compiled when a value needs them: most begin with a letter, or are plain digits.
_INTEGER = r"[-+]?(?:0|[1-9][0-9]{0,99})"
_BASED = r"0o[0-7]{1,99}|0x[0-9a-fA-F]{1,99}"
_FLOAT = r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_NOT_FINITE = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
_NUMERIC = frozenset("+-.0123456789")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written.

    `plain`: without quotes; `filled`: a ``${NAME}`` in it has been filled in; `broken`: one could not be, which has
    been reported, so that nothing more need be said of it. `raw`: the text before it was filled.
    """

    text: str
    plain: bool
    span: Span
    filled: bool = False
    broken: bool = False
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping, with its value."""

    key: str
    key_span: Span
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the file, each key once."""

    entries: tuple[Entry, ...]
    span: Span

    def get(self, key: str) -> Node | None:
        """Return the value of `key`, or None."""
        return next((e.value for e in self.entries if e.key == key), None)


Node = Scalar | Sequence | Mapping


def core_value(scalar: Scalar) -> str | int | float | bool | None:
    """Return what the YAML 1.2 core schema makes of `scalar`.

    One step stricter than the schema: digits after a leading zero stay text, because ``0600`` is a mode to people.
    """
    text = scalar.text
    if not (scalar.plain or (scalar.filled and text)):
        return text  # "${NAME:-}" in quotes is empty text, as "" is
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMERIC else text


def kind_of(node: Node) -> str:
    """Return what `node` is, in the words of messages: ``a list``, ``the number 5``, ``text``."""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    value = core_value(node)
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the boolean {node.text}"
    return "text" if isinstance(value, str) else "a number"


def places_of(root: Node) -> Places:
    """Return the place of every key and value under `root`."""
    values: dict[Path, Span] = {}
    keys: dict[Path, Span] = {}
    raw: dict[Path, str] = {}
    for path, key_span, node in _walk((), None, root):
        values[path] = node.span
        if key_span is not None:
            keys[path] = key_span
        if isinstance(node, Scalar) and node.filled:
            raw[path] = node.raw
    return Places(values, keys, raw)


_IN_NUMBERS = frozenset("+-.0123456789abcdefABCDEFxoinIN")


def _number(text: str) -> str | int | float:
    """Return the number that `text` writes, or `text` when it writes none."""
    if not _IN_NUMBERS.issuperset(text):
        return text  # most values: no pattern need be compiled for them
    if re.fullmatch(_INTEGER, text):
        return int(text)
    if re.fullmatch(_BASED, text):
        return int(text, 0)
    if re.fullmatch(_FLOAT, text):
        return float(text)
    return float(text.replace(".", "")) if re.fullmatch(_NOT_FINITE, text) else text


def _walk(path: Path, key_span: Span | None, node: Node) -> Iterator[tuple[Path, Span | None, Node]]:
    if path:
        yield path, key_span, node
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield from _walk((*path, entry.key), entry.key_span, entry.value)
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _walk((*path, str(index)), None, item)
