"""Kinds made of kinds: a list of one kind, names of the user's own choice, and one of several shapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, TypeVar

from procman.core import document as doc
from procman.core.kinds import Fault, Kind, Schema, Sink, wrong_type
from procman.core.source import Path
from procman.core.values import dataclass
from procman.core.words import shown

T = TypeVar("T")
S = TypeVar("S")
M = TypeVar("M")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NameRule:
    """Which names a user may choose. `pattern` holds for both Python and JSON Schema; `fault` says more, if it can."""

    noun: str
    allowed: str
    pattern: str
    more: Callable[[str], str | None] = lambda _: None

    def fault(self, name: str) -> Fault | None:
        """Return what is wrong with `name`, or None."""
        if re.fullmatch(self.pattern, name):
            return None
        said = self.more(name)
        return Fault(said or f"{shown(name)} is no {self.noun}", self.allowed, "PM006")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Table(Generic[T]):
    """A mapping from names of the user's choice to values of one kind, in the order of the file."""

    rule: NameRule
    item: Kind[T]
    empty: bool = True
    most: int | None = None

    def read(self, node: doc.Node, at: Path, sink: Sink) -> tuple[tuple[str, T], ...] | None:
        """Return what could be read. The value under a bad name is checked too, and left out."""
        forms = f"a mapping: NAME of a {self.rule.noun.removesuffix(' name')}, then what it is"
        if not isinstance(node, doc.Mapping):
            if not (isinstance(node, doc.Scalar) and node.broken):
                sink.add(at, node.span, wrong_type(node, "a mapping", forms))
            return None
        if not node.entries and not self.empty:
            sink.add(at, node.span, Fault("there is nothing in it", f"write {forms}"))
        if self.most is not None and len(node.entries) > self.most:
            sink.add(at, node.span, Fault(f"there are more than {self.most} of them", "split the manifest"))
        found = []
        for entry in node.entries[: self.most]:
            fault = self.rule.fault(entry.key)
            if fault is not None:
                sink.add(at, entry.key_span, fault)
            value = self.item.read(entry.value, (*at, entry.key), sink)
            if fault is None and value is not None:
                found.append((entry.key, value))
        return tuple(found)

    def schema(self) -> Schema:
        """Return an object whose keys follow the rule."""
        shape: Schema = {
            "type": "object",
            "patternProperties": {f"^(?:{self.rule.pattern})$": self.item.schema()},
            "additionalProperties": False,
        }
        if self.most is not None:
            shape["maxProperties"] = self.most
        return shape if self.empty else {**shape, "minProperties": 1}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ListOf(Generic[T]):
    """A list of at least one value of one kind; the first may have a kind of its own."""

    noun: str
    item: Kind[T]
    first: Kind[T] | None = None

    def read(self, node: doc.Node, at: Path, sink: Sink) -> tuple[T, ...] | None:
        """Return the items that could be read, or None when there is none."""
        if not isinstance(node, doc.Sequence):
            if not (isinstance(node, doc.Scalar) and node.broken):
                sink.add(at, node.span, wrong_type(node, "a list", f"a list: [{self.noun}, ...]"))
            return None
        if not node.items:
            sink.add(at, node.span, Fault("the list is empty", f"write at least one {self.noun}"))
        kinds = ((self.first if self.first and not index else self.item) for index in range(len(node.items)))
        read = (
            kind.read(item, (*at, str(i)), sink) for i, (kind, item) in enumerate(zip(kinds, node.items, strict=True))
        )
        return tuple(value for value in read if value is not None) or None

    def schema(self) -> Schema:
        """Return an array that is not empty."""
        shape: Schema = {"type": "array", "items": self.item.schema(), "minItems": 1}
        return {**shape, "prefixItems": [self.first.schema()]} if self.first else shape


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ScalarOrList(Generic[S, T]):
    """One value, or a list."""

    scalar: Kind[S]
    sequence: Kind[T]

    def read(self, node: doc.Node, at: Path, sink: Sink) -> S | T | None:
        """Return what the kind for the shape of `node` makes of it."""
        return (
            self.sequence.read(node, at, sink) if isinstance(node, doc.Sequence) else self.scalar.read(node, at, sink)
        )

    def schema(self) -> Schema:
        """Return a choice of the two."""
        return {"anyOf": [self.scalar.schema(), self.sequence.schema()]}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ScalarOrMapping(Generic[S, M]):
    """One value, or a mapping that `convert` makes the same kind of value of; it raises Fault.

    None of it: what it needs is missing, and that has been told.
    """

    scalar: Kind[S]
    mapping: Kind[M]
    convert: Callable[[M], S | None]

    def read(self, node: doc.Node, at: Path, sink: Sink) -> S | None:
        """Return the value in either form."""
        if not isinstance(node, doc.Mapping):
            return self.scalar.read(node, at, sink)
        parts = self.mapping.read(node, at, sink)
        if parts is None:
            return None
        try:
            return self.convert(parts)
        except Fault as fault:
            sink.add(at, node.span, fault)
            return None

    def schema(self) -> Schema:
        """Return a choice of the two."""
        return {"anyOf": [self.scalar.schema(), self.mapping.schema()]}
