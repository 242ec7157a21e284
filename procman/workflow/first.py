"""`init`: a first manifest from what lies in a folder. The text is made and judged here; `write` alone writes."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping

from procman.adapters import files, folders
from procman.core.errors import Failed, WrongUse
from procman.core.imports import project_files, yaml_text
from procman.core.imports.draft import Draft, Sketch, project_name
from procman.core.imports.program import drafted
from procman.core.imports.project_files import Look
from procman.core.values import dataclass
from procman.workflow.decide import Choice, Decision, decide
from procman.workflow.load import Loaded, load_data

HEAD = (
    "A first manifest, made by `procman init` from {source}. Check kinds and memory, then: procman plan, procman up.",
    "singleton: exactly one process, ever. scalable: as many as fit. memory: the limit of one instance.",
    "`procman schema` prints every key, what it means, and what an editor completes by.",
)
_UNSURE = (
    "If it serves requests and may run twice: kind: scalable with `instances: 2`, and `listen: 127.0.0.1:3000` for an "
    "address that all instances share."
)


@dataclass(frozen=True, slots=True)
class First:
    """The text of a manifest, where its services come from, and what could not be taken over."""

    text: str
    source: str
    services: tuple[Draft, ...]
    notes: tuple[str, ...] = ()


def look(folder: str) -> First:
    """Return the first manifest of the project in `folder`. Failed when nothing there says what runs."""
    if not os.path.isdir(folder):  # noqa: PTH112
        raise WrongUse(f"there is no folder {folder}", "name the project's folder")
    missing: list[str] = []
    for name, read in (("Procfile", _procfile), ("package.json", _package), ("pyproject.toml", _pyproject)):
        if not folders.exists(folder, name):
            continue
        found = read(folder, folders.beginning(folder, name))
        if found.programs:
            return _first(folder, name, found)
        missing.extend(found.notes)
    raise Failed(
        "; ".join(missing)
        or f"nothing in {folder} says what runs: no ecosystem file, Procfile, package.json or pyproject.toml",
        "write procman.yaml by hand: the README shows one in 20 lines",
    )


def judged(text: str, path: str, environment: Mapping[str, str], ram: int | None = None) -> Decision:
    """Return what the rules and the budget say of `text`, as if it were the manifest at `path`."""
    return decide(loaded(text, path, environment), Choice(ram=ram), environment)


def loaded(text: str, path: str, environment: Mapping[str, str]) -> Loaded:
    """Return `text` as if it were the manifest at `path`."""
    return load_data(text.encode(), path, environment)


def write(text: str, path: str, *, force: bool, mode: int = 0o644) -> None:
    """Write `text` to `path`; Failed when something is there already and `force` was not given."""
    if os.path.lexists(path) and not force:
        raise Failed(f"{path} is there already, and was left as it is", "name another file, or give --force")
    files.write_whole(path, text.encode(), mode)


def title(folder: str) -> str:
    """Return the name that package.json gives the project, or nothing."""
    try:
        name = _json(folders.beginning(folder, "package.json")).get("name")
    except Failed:
        return ""
    return name.rpartition("/")[2] if isinstance(name, str) else ""


def _first(folder: str, name: str, found: Look) -> First:
    taken: list[str] = []
    services = []
    for program in found.programs:
        draft, verdict = drafted(program, taken)
        taken.append(draft.name)
        services.append(draft if verdict.sure else _explained(draft))
    head = tuple(words.format(source=name) for words in HEAD)
    named = project_name(title(folder) or os.path.basename(os.path.realpath(folder)))  # noqa: PTH119
    text = yaml_text.text(Sketch(named, tuple(services), head, explained=True))
    return First(text, name, tuple(services), found.notes)


def _explained(draft: Draft) -> Draft:
    return Draft(draft.name, draft.kind, draft.entries, (*draft.reasons, _UNSURE), draft.below)


def _procfile(folder: str, text: str) -> Look:
    return project_files.of_procfile(text, lambda name: folders.beginning(folder, name))


def _package(folder: str, text: str) -> Look:
    return project_files.of_package(_json(text), lambda name: folders.beginning(folder, name))


def _pyproject(folder: str, text: str) -> Look:
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Failed(f"pyproject.toml cannot be read: {error}", "mend it, or write procman.yaml by hand") from error
    return project_files.of_pyproject(table, lambda name: folders.beginning(folder, name))


def _json(text: str) -> dict[str, object]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise Failed(f"package.json cannot be read: {error}", "mend it, or write procman.yaml by hand") from error
    return found if isinstance(found, dict) else {}
