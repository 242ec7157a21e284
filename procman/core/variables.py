"""``${NAME}`` and ``${NAME:-default}`` in the values of a document. Keys stay as they are; nothing else is special."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Lookup

from procman.core.codes import finding
from procman.core.diagnostics import MOST_FOUND, Finding
from procman.core.document import Entry, Mapping, Node, Scalar, Sequence
from procman.core.source import Span
from procman.core.values import dataclass, field, replace
from procman.core.words import near

MOST_GUESSES = 50

LONGEST = 128 * 1024 - 1
"""Characters of one value: what one argument or variable may hold (execve(2), MAX_ARG_STRLEN with its final NUL)."""

# In this order: the escape, a reference, and what begins like one and is none.
_MARK = re.compile(r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-[^}]*)?\}|(?P<bad>\$\{[^}]*\}?)")


def fill(document: Node, file: str, variables: Lookup[str, str]) -> tuple[Node, list[Finding], dict[str, str]]:
    """Return `document` with its values filled in, what was missing, and the variables that were looked up.

    A default stands for a variable that is unset or empty, as in the shell. A default is not among what was looked up.
    """
    filling = _Filling(file, variables)
    return filling.node(document), filling.findings, filling.used


def env_file_names(document: Node, variables: Lookup[str, str]) -> list[str]:
    """Return the ``env_file`` of every service, each once, in the order of the file; faults are left to the checker."""
    services = document.get("services") if isinstance(document, Mapping) else None
    if not isinstance(services, Mapping):
        return []
    filling = _Filling("", variables)
    written = (e.value.get("env_file") for e in services.entries if isinstance(e.value, Mapping))
    found = (filling.node(node) for node in written if node is not None)
    return list(dict.fromkeys(n.text for n in found if isinstance(n, Scalar) and n.text and "\0" not in n.text))


@dataclass(frozen=True, slots=True)
class _Filling:
    file: str
    variables: Lookup[str, str]
    findings: list[Finding] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)

    def node(self, node: Node) -> Node:
        if isinstance(node, Scalar):
            # What is too long for any program is refused by the checker, as it stands.
            return self._scalar(node) if "${" in node.text and len(node.text) <= LONGEST else node
        # What holds no variable stays the same object: most of a large manifest is then not built a second time.
        if isinstance(node, Sequence):
            items = [self.node(item) for item in node.items]
            same = all(new is old for new, old in zip(items, node.items, strict=True))
            return node if same else replace(node, items=tuple(items))
        entries = [self._entry(entry) for entry in node.entries]
        same = all(new is old for new, old in zip(entries, node.entries, strict=True))
        return node if same else replace(node, entries=tuple(entries))

    def _entry(self, entry: Entry) -> Entry:
        value = self.node(entry.value)
        return entry if value is entry.value else replace(entry, value=value)

    def _scalar(self, scalar: Scalar) -> Scalar:
        before = len(self.findings)
        text = "".join(self._parts(scalar))
        named = any(m["name"] for m in _MARK.finditer(scalar.text))
        return replace(scalar, text=text, filled=named, broken=len(self.findings) > before, raw=scalar.text)

    def _parts(self, scalar: Scalar) -> Iterator[str]:
        end = 0
        for match in _MARK.finditer(scalar.text):
            yield scalar.text[end : match.start()]
            yield self._value(match, scalar)
            end = match.end()
        yield scalar.text[end:]

    def _value(self, match: re.Match[str], scalar: Scalar) -> str:
        name, default = match["name"], match["default"]
        if match["bad"]:
            self._note("PM010", _part(scalar, match), *_about(match["bad"]))
        if name is None:
            return match[0] if match["bad"] else "${"
        value = self.variables.get(name)
        if value is not None:
            self.used[name] = value
        if value or (value is not None and default is None):
            return value
        if default is None:
            self._note("PM008", _part(scalar, match), *self._missing(name))
            return match[0]
        return default[len(":-") :]

    def _missing(self, name: str) -> tuple[str, str]:
        guess = near(name, self.variables) if len(self.findings) < MOST_GUESSES else ""
        advice = f"set {name} in the environment or in an env_file, or write ${{{name}:-default}}"
        return f"the variable {name} is not set", f"{guess} Else {advice}" if guess else advice

    def _note(self, code: str, span: Span, message: str, advice: str) -> None:
        if len(self.findings) < MOST_FOUND:
            self.findings.append(finding(code, message, file=self.file, span=span, help=advice))


def _about(text: str) -> tuple[str, str]:
    literal = "write $${ where ${ itself is meant"
    if not text.endswith("}"):
        return "${ is opened and never closed", f"close it with }}, or {literal}"
    return "this is no variable", f"write ${{NAME}} or ${{NAME:-default}}, with letters, digits and _; {literal}"


def _part(scalar: Scalar, match: re.Match[str]) -> Span:
    """Return the place of `match` inside `scalar`, or of all of it when escapes or line breaks move things."""
    span = scalar.span
    quotes = (span.end_column - span.column - len(scalar.text)) // 2
    as_written = span.line == span.end_line and span.column + len(scalar.text) + 2 * quotes == span.end_column
    if not as_written or quotes not in (0, 1):
        return span
    start = span.column + quotes
    return Span(span.line, start + match.start(), span.line, start + match.end())
