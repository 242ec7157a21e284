"""YAML events to nodes, with limits: depth, size after aliases, one document, no tags, no key twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from procman.core.codes import finding
from procman.core.diagnostics import MOST_FOUND, Finding, Related
from procman.core.document import Entry, Mapping, Node, Scalar, Sequence
from procman.core.source import START, Span
from procman.core.values import dataclass
from procman.core.words import shown

MAX_DEPTH = 32
_KINDS = (yaml.ScalarEvent, yaml.SequenceStartEvent, yaml.MappingStartEvent)
_HALF = "[\ud800-\udfff]"


class Refused(Exception):
    """Reading on would be pointless or dangerous; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class _Done:
    """A finished node, with what an alias to it would add: `size` nodes and `height` levels."""

    node: Node
    size: int = 1
    height: int = 0


class _Open:
    """A list or mapping whose end has not come yet; a mapping's parts are its keys and values in turn.

    `in_braces`: written as ``{...}`` or ``[...]``.
    """

    __slots__ = ("anchor", "height", "in_braces", "is_mapping", "parts", "size", "span")

    def __init__(self, span: Span, anchor: str | None, *, is_mapping: bool, in_braces: bool) -> None:
        self.is_mapping = is_mapping
        self.in_braces = in_braces
        self.span = span
        self.anchor = anchor
        self.parts: list[Node] = []
        self.size = 1
        self.height = 1


class Tree:
    """Takes events one by one; `root` and `findings` are what came of them."""

    def __init__(self, file: str, most: int) -> None:
        """`file` is the name for findings, `most` how many values are taken."""
        self._most = most
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self._file = file
        self._open: list[_Open] = []
        self._last = START
        self._anchors: dict[str, _Done | None] = {}
        self._count = 0
        self._documents = 0

    def feed(self, event: yaml.Event) -> None:
        """Take one event; Refused when what it begins can never be a manifest."""
        if isinstance(event, _KINDS):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._refused(_span(event), "a second document begins here", "keep one manifest per file")

    def _begin(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        span = _span(event)
        if event.tag is not None:
            self._note("PM001", span, f"the tag {shown(event.tag)} is not allowed", "leave it out")
        self._counted(1, span)
        if isinstance(event, yaml.ScalarEvent):
            if not event.value.isascii() and re.search(_HALF, event.value):
                raise self._refused(span, "an escape stands for half a character", "write the character itself")
            plain = not event.style and event.tag is None
            self._last = span = self._place(span, empty=plain and not event.value)
            done = _Done(Scalar(event.value, plain, span))
            if event.anchor is not None:
                self._anchors[event.anchor] = done
            self._add(done)
            return
        self._at_depth(len(self._open) + 1, span)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._open.append(_Open(span, event.anchor, is_mapping=is_mapping, in_braces=bool(event.flow_style)))

    def _end(self, event: yaml.Event) -> None:
        closed = self._open.pop()
        if closed.in_braces:
            self._last = _span(event)
        # without braces the parsers say where the next thing begins, and at the end of the file not the same
        span = Span(closed.span.line, closed.span.column, self._last.end_line, self._last.end_column)
        node = self._mapping(closed.parts, span) if closed.is_mapping else Sequence(tuple(closed.parts), span)
        done = _Done(node, closed.size, closed.height)
        if closed.anchor is not None:
            self._anchors[closed.anchor] = done
        self._add(done)

    def _alias(self, event: yaml.AliasEvent) -> None:
        self._last = span = _span(event)
        name = shown(f"*{event.anchor}")
        if event.anchor not in self._anchors:
            raise self._refused(span, f"the alias {name} stands for nothing", f"no &{event.anchor} comes before it")
        done = self._anchors[event.anchor]
        if done is None:
            raise self._refused(span, f"the alias {name} holds itself", "write the value out")
        self._counted(done.size, span)
        self._at_depth(len(self._open) + done.height, span)
        self._add(done)

    def _place(self, span: Span, *, empty: bool) -> Span:
        """Return where a scalar stands: one left out of ``{key: }`` is at its key, whatever the parser says."""
        parent = self._open[-1] if self._open else None
        if empty and parent and parent.in_braces and len(parent.parts) % 2 == 1 and parent.is_mapping:
            key = self._last
            return Span(key.end_line, key.end_column, key.end_line, key.end_column)
        return span

    def _add(self, done: _Done) -> None:
        if not self._open:
            empty = isinstance(done.node, Scalar) and done.node.plain and not done.node.text
            self.root = None if empty else done.node
            return
        parent = self._open[-1]
        parent.parts.append(done.node)
        parent.size += done.size
        parent.height = max(parent.height, done.height + 1)

    def _counted(self, number: int, span: Span) -> None:
        self._count += number
        if self._count > self._most:
            advice = "aliases (*name) count with everything they stand for"
            raise self._refused(span, f"the manifest holds more than {self._most:,} values", advice)

    def _at_depth(self, depth: int, span: Span) -> None:
        if depth > MAX_DEPTH:
            raise self._refused(span, f"nested more than {MAX_DEPTH} levels deep", "a manifest needs 6")

    def _mapping(self, parts: list[Node], span: Span) -> Mapping:
        entries: dict[str, Entry] = {}
        merged: list[Entry] = []
        first_merge: Span | None = None
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._note("PM001", key.span, "a key is text, not a list or mapping", "quote it if it is text")
            elif key.plain and key.text == "<<":
                if first_merge is not None:
                    self._twice(key, first_merge)
                first_merge = first_merge or key.span
                merged.extend(self._merged(value))
            elif key.text in entries:
                self._twice(key, entries[key.text].key_span)
            else:
                entries[key.text] = Entry(key.text, key.span, value)
        for entry in merged:
            entries.setdefault(entry.key, entry)
        return Mapping(tuple(entries.values()), span)

    def _merged(self, value: Node) -> Iterator[Entry]:
        for item in value.items if isinstance(value, Sequence) else (value,):
            if isinstance(item, Mapping):
                yield from item.entries
            else:
                self._note("PM001", item.span, "<< takes a mapping, or a list of mappings", "write <<: *name")

    def _twice(self, key: Scalar, first: Span) -> None:
        related = (Related(first, "first written here"),)
        message = f"the key {shown(key.text)} is written twice"
        self._note("PM002", key.span, message, "keep one of the two", related)

    def _note(self, code: str, span: Span, message: str, advice: str, related: tuple[Related, ...] = ()) -> None:
        if len(self.findings) >= MOST_FOUND:
            return
        self.findings.append(finding(code, message, file=self._file, span=span, help=advice, related=related))

    def _refused(self, span: Span, message: str, advice: str) -> Refused:
        return Refused(finding("PM001", message, file=self._file, span=span, help=advice))


def _span(event: yaml.Event) -> Span:
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:
        return START
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
