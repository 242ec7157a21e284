"""A manifest before it is text: services with their keys in order, and the words that explain them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping

from procman.core.manifest import Kind
from procman.core.values import dataclass

LONGEST_NAME = 32

Value = str | int | bool | tuple[str, ...] | tuple[int, ...] | Mapping[str, "Value"]
"""A value of a key. Text is as the manifest has it: ``${NAME}`` in it is filled in, ``$${`` is not."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a service; `comment` stands at the end of its line, or above a block."""

    key: str
    value: Value
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One service as it will be written: `reasons` stand above it, `below` are comments after its last key."""

    name: str
    kind: Kind
    entries: tuple[Entry, ...]
    reasons: tuple[str, ...] = ()
    below: tuple[str, ...] = ()

    def get(self, key: str) -> Value | None:
        """Return the value of `key`, or None."""
        return next((entry.value for entry in self.entries if entry.key == key), None)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A whole manifest: `head` are the comments that it begins with, `explained` puts words to what every file has."""

    project: str
    services: tuple[Draft, ...]
    head: tuple[str, ...] = ()
    explained: bool = False


def literal(text: str) -> str:
    """Return `text` as a value that is not filled in: every ``${`` in it is written ``$${``."""
    return text.replace("${", "$${")


def project_name(text: str) -> str:
    """Return `text` as a project's name; ``app`` when nothing of it can be used."""
    return _plain(text) or "app"


def service_name(text: str, taken: Collection[str] = ()) -> str:
    """Return `text` as a service's name that is not in `taken`.

    A number at the end after '-' would read as an instance, so it is drawn to the word: ``worker-2`` is ``worker2``.
    """
    name = re.sub("(?:-[0-9]+)+$", lambda tail: tail[0].replace("-", ""), _plain(text)) or "app"
    if name not in taken:
        return name
    letters = (f"-{chr(code)}" for code in range(ord("b"), ord("z") + 1))
    several = (f"{name[: LONGEST_NAME - 4]}x{number}" for number in range(2, 1000))
    cut = name[: LONGEST_NAME - 2].rstrip("-")
    return next(new for new in (*(cut + letter for letter in letters), *several) if new not in taken)


def _plain(text: str) -> str:
    bare = text if text.isascii() else unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub("[^a-z0-9]+", "-", bare.lower()).strip("-")
    words = re.sub("^([0-9]|x(?:-|$))", r"app-\1", words)
    return words[:LONGEST_NAME].strip("-")
