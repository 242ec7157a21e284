"""`import procfile` and `import supervisord`: what those files can say becomes a manifest. Writes nothing."""

from __future__ import annotations

from pathlib import Path

from procman.adapters import folders
from procman.core import text
from procman.core.diagnostics import Finding
from procman.core.errors import Failed, WrongUse
from procman.core.imports import project_files, supervisord_ini
from procman.core.imports.program import drafted
from procman.core.imports.report import Hidden, Imported, Note, Outcome, Row
from procman.workflow import ecosystem, first

SUPERVISORD = ("supervisord.conf", "supervisor.conf", "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf")


def procfile(name: str | None) -> Imported:
    """Return what the Procfile `name` becomes. Failed when it names no process."""
    path = name or "Procfile"
    source = _text(path, "name it: procman import procfile FILE")
    look = project_files.of_procfile(source, _reader(path))
    taken: list[str] = []
    rows = []
    for program in look.programs:
        draft, verdict = drafted(program, taken)
        taken.append(draft.name)
        rows.append(Row(program.name, draft, verdict))
    notes = tuple(Note("", row.name, Outcome.MAPPED, "a service") for row in rows)
    return _checked(
        Imported.of(tuple(rows), _title(path), Path(path).name, notes, tuple(Hidden("", n) for n in look.notes))
    )


def supervisord(name: str | None) -> Imported:
    """Return what the supervisord file `name` becomes. Failed when it has no program."""
    path = name or next((each for each in SUPERVISORD if Path(each).is_file()), SUPERVISORD[0])
    here = str(Path(path).resolve().parent)
    try:
        source = _text(path, "name it: procman import supervisord FILE")
        found = supervisord_ini.imported(source, Path(path).name, _title(path), here, _reader(path))
    except ValueError as error:
        raise WrongUse(f"{path} is no file of supervisord's: {error}", "name one with [program:x] sections") from error
    return _checked(found)


def _checked(made: Imported) -> Imported:
    if not made.rows:
        raise Failed("it names no process that could be a service", "write procman.yaml by hand, or try procman init")
    return made


def _text(path: str, instead: str) -> str:
    source = text.decode(ecosystem.data_of(path, instead), path)
    if isinstance(source, Finding):
        raise WrongUse(f"{path}:{source.span.line}:{source.span.column}: {source.message}", source.help)
    return source.text


def _title(path: str) -> str:
    folder = Path(path).resolve().parent
    return first.title(str(folder)) or folder.name


def _reader(path: str) -> project_files.Reader:
    folder = str(Path(path).resolve().parent)
    return lambda name: folders.beginning(folder, name)
