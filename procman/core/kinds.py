"""Kinds of values: how each is read from a node and what its JSON Schema is. Knows no key of the manifest.

Kinds are never compared or printed; leaving those methods out halves what each class adds to the start of a command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar, cast

from procman.core import document as doc
from procman.core.codes import finding
from procman.core.diagnostics import MOST_FOUND, Finding, Fix
from procman.core.source import Path, Places, Span
from procman.core.values import dataclass, field
from procman.core.variables import LONGEST
from procman.core.words import dotted, near, one_slip, shown, sole

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
Schema = dict[str, Json]
T = TypeVar("T")
S = TypeVar("S")
M = TypeVar("M")
T_co = TypeVar("T_co", covariant=True)

EXTENSION = "x-"
VARIABLE: Schema = {"$ref": "#/$defs/variable"}
_MOST_GUESSES = 50


class Fault(ValueError):
    """What is wrong with one value or key: a message that follows its key, and what helps.

    `meant`: what to write in its place where only one thing can have been meant, with the words that say so.
    """

    def __init__(
        self,
        message: str,
        help: str = "",  # noqa: A002 - the word users see
        code: str = "PM010",
        meant: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.code = code
        self.meant = meant


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sink:
    """Collects findings. A fault that several services share (an alias, `defaults`) is told once."""

    file: str
    places: Places
    found: dict[tuple[str, Span, str], Finding] = field(default_factory=dict)

    def add(self, at: Path, span: Span, fault: Fault) -> None:
        """Record `fault` of the value at path `at`, which stands at `span`, unless there are too many to read."""
        if len(self.found) >= MOST_FOUND:
            return
        message = f"{dotted(at)}: {fault.message}" if at else fault.message
        fix = None if fault.meant is None else Fix(span, *fault.meant)
        new = finding(fault.code, message, file=self.file, span=span, help=fault.help, fix=fix)
        self.found.setdefault((fault.code, span, fault.message), new)

    def guess(self, word: str, options: Sequence[str]) -> str:
        """Return the option closest to `word` in words, or all of them; guesses are few, since they cost time."""
        guess = near(word, options) if len(self.found) < _MOST_GUESSES else ""
        return guess or f"known: {', '.join(options)}"


class Kind(Protocol[T_co]):
    """How values of one kind are read, and how they look in the JSON Schema."""

    def read(self, node: doc.Node, at: Path, sink: Sink) -> T_co | None:
        """Return the value of `node`, or None after its faults have gone to `sink`."""
        ...

    def schema(self) -> Schema:
        """Return the JSON Schema of this kind."""
        ...


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Field(Generic[T_co]):
    """One key of a mapping. `default` is what its absence means, as the manifest would write it."""

    name: str
    kind: Kind[T_co]
    description: str
    required: bool = False
    default: Json = None
    examples: tuple[Json, ...] = ()

    def schema(self) -> Schema:
        """Return the JSON Schema of the value, with all that an editor shows of it."""
        shape = {"title": self.name, "description": self.description, **self.kind.schema()}
        if self.default is not None:
            shape["default"] = self.default
        if self.examples:
            shape["examples"] = list(self.examples)
        return shape


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Values:
    """What was read of a mapping with known keys; a key that is absent or faulty has no value."""

    found: Mapping[str, object] = field(default_factory=dict)

    def get(self, key: Field[T]) -> T | None:
        """Return the value of `key`, or None."""
        return cast("T | None", self.found.get(key.name))

    def has(self, key: Field[object]) -> bool:
        """Tell whether `key` was written, for a key one of whose values is None."""
        return key.name in self.found


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ScalarKind(Generic[T]):
    """One value without parts. `parse` raises Fault; `forms` says what is accepted."""

    noun: str
    forms: str
    parse: Callable[[doc.Scalar], T]
    shape: Schema

    def read(self, node: doc.Node, at: Path, sink: Sink) -> T | None:
        """Return the parsed value; a list, a mapping and nothing are of the wrong type."""
        if not isinstance(node, doc.Scalar) or _is_null(node):
            sink.add(at, node.span, wrong_type(node, self.noun, self.forms))
            return None
        if node.broken:
            return None
        try:
            return self.parse(_passable(node))
        except Fault as fault:
            # Text that a variable was filled into is not what stands in the file.
            meant = None if node.filled else fault.meant
            sink.add(at, node.span, Fault(fault.message, fault.help or f"write {self.forms}", fault.code, meant))
            return None

    def schema(self) -> Schema:
        """Return the shape, or a text with a variable in it."""
        return {"anyOf": [self.shape, VARIABLE]}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Record:
    """A mapping with known keys. Keys that begin with ``x-`` are the user's own."""

    fields: tuple[Field[object], ...]

    def read(self, node: doc.Node, at: Path, sink: Sink) -> Values | None:
        """Return the values of the known keys; unknown and missing keys are faults."""
        if not isinstance(node, doc.Mapping):
            _not_shaped(node, at, sink, "a mapping", f"write keys below it: {', '.join(self._names())}")
            return None
        known = {f.name: f for f in self.fields}
        found: dict[str, object] = {}
        for entry in node.entries:
            if entry.key in known:
                found[entry.key] = known[entry.key].kind.read(entry.value, (*at, entry.key), sink)
            elif not entry.key.startswith(EXTENSION):
                advice = sink.guess(entry.key, self._names())
                meant = self._meant(entry.key, node) if advice.startswith("did") else None
                sink.add(at, entry.key_span, Fault(f"unknown key {shown(entry.key)}", advice, "PM003", meant))
        self._missing(node, at, sink)
        return Values(found)

    def schema(self) -> Schema:
        """Return an object that has these keys and no others."""
        required: list[Json] = [f.name for f in self.fields if f.required]
        return {
            "type": "object",
            "properties": {f.name: f.schema() for f in self.fields},
            "patternProperties": {f"^{EXTENSION}": True},
            "additionalProperties": False,
            **({"required": required} if required else {}),
        }

    def over(self, own: doc.Mapping, under: doc.Mapping) -> doc.Mapping:
        """Return `own` with the known keys that only `under` has; mappings inside are laid over each other too."""
        entries = {entry.key: entry for entry in own.entries}
        for key in self.fields:
            base = next((entry for entry in under.entries if entry.key == key.name), None)
            if base is None:
                continue
            mine = entries.setdefault(key.name, base)
            if (
                isinstance(key.kind, Record)
                and isinstance(mine.value, doc.Mapping)
                and isinstance(base.value, doc.Mapping)
            ):
                value = key.kind.over(mine.value, base.value)
                entries[key.name] = doc.Entry(mine.key, mine.key_span, value)
        return doc.Mapping(tuple(entries.values()), own.span)

    def _missing(self, node: doc.Mapping, at: Path, sink: Sink) -> None:
        present = {entry.key for entry in node.entries}
        for key in self.fields:
            if key.required and key.name not in present:
                example = f", such as {key.name}: {key.examples[0]}" if key.examples else ""
                span = sink.places.key(*at) if at else node.span
                sink.add(at, span, Fault(f"the key '{key.name}' is missing", f"add it{example}", "PM004"))

    def _names(self) -> list[str]:
        return [f.name for f in self.fields]

    def _meant(self, key: str, node: doc.Mapping) -> tuple[str, str] | None:
        """Return the one known key that `key` misspells, if it is free, with the reason; None when in doubt."""
        name = sole(key, self._names())
        rivals = [e.key for e in node.entries if name is not None and one_slip(e.key.lower(), name)]
        if name is None or rivals != [key]:
            return None
        return name, f"no other key is like {shown(key)}, and {name} is not written yet"


def wrong_type(node: doc.Node, noun: str, forms: str) -> Fault:
    """Return the fault of a `node` that is not `noun`, without repeating what it says."""
    if isinstance(node, doc.Scalar) and _is_null(node):
        return Fault("this key has no value", f"write {forms}, or leave the key out", "PM005")
    return Fault(f"expected {noun}, found {doc.kind_of(node)}", f"write {forms}", "PM005")


def _not_shaped(node: doc.Node, at: Path, sink: Sink, noun: str, advice: str) -> None:
    if not (isinstance(node, doc.Scalar) and node.broken):
        fault = wrong_type(node, noun, "")
        sink.add(at, node.span, Fault(fault.message, advice, fault.code))


def _passable(node: doc.Scalar) -> doc.Scalar:
    if "\0" in node.text:
        raise Fault("a NUL character would end the text early", "leave it out")
    if len(node.text) > LONGEST:
        raise Fault(f"the text is longer than {LONGEST:,} characters", "no program can be given more: put it in a file")
    return node


def _is_null(node: doc.Scalar) -> bool:
    return doc.core_value(node) is None and not node.broken
