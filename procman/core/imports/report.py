"""What an import comes to: the manifest, and a word for everything that was in the file."""

from __future__ import annotations

from enum import StrEnum

from procman.core.imports import yaml_text
from procman.core.imports.draft import Draft, Sketch, project_name
from procman.core.imports.evidence import Verdict
from procman.core.values import dataclass


class Outcome(StrEnum):
    """What becomes of a field."""

    MAPPED = "mapped"
    DIFFERS = "with a difference"
    NOT = "not supported"


@dataclass(frozen=True, slots=True)
class Note:
    """What became of one field, under the spelling of the file."""

    app: str
    key: str
    outcome: Outcome
    words: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """What was taken without a word, and what follows; `help` is what to do."""

    app: str
    words: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A service, the name that it had, and why it has its kind."""

    name: str
    draft: Draft
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of a manifest, its services, a note for each field, what nobody said, and what else there is."""

    text: str
    project: str
    rows: tuple[Row, ...]
    notes: tuple[Note, ...]
    hidden: tuple[Hidden, ...]
    said: tuple[str, ...] = ()

    @staticmethod
    def of(
        rows: tuple[Row, ...], name: str, source: str, notes: tuple[Note, ...], hidden: tuple[Hidden, ...], *more: str
    ) -> Imported:
        """Return the import of `rows` from `source` into a project called `name`; `more` are words for its head."""
        unsure = "" if all(row.verdict.sure for row in rows) else " What is unclear is a singleton."
        head = (f"From {source}, by `procman import`. Check the kinds.{unsure}", *more)
        project = project_name(name)
        text = yaml_text.text(Sketch(project, tuple(row.draft for row in rows), head))
        return Imported(text, project, rows, notes, hidden)
