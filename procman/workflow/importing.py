"""`import pm2`: an ecosystem file, a running PM2 or its saved list becomes a manifest. Writes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from procman.adapters import node, pm2, scripts
from procman.core.errors import Failed, WrongUse
from procman.core.imports import pm2_check, pm2_import, pm2_running, templates
from procman.core.imports.evidence import Verdict
from procman.core.imports.pm2_check import Difference
from procman.core.imports.pm2_import import NoApps
from procman.core.imports.pm2_running import Listed
from procman.core.imports.pm2_service import Context
from procman.core.imports.report import Imported
from procman.core.values import dataclass, field, replace
from procman.core.words import counted
from procman.workflow import ecosystem, first
from procman.workflow.first import First
from procman.workflow.load import load_file, manifest_path

NAMES = tuple(
    f"{stem}{ending}"
    for stem in ("ecosystem", "pm2", "processes", "process")
    for ending in (".config.js", ".config.cjs", ".config.mjs", ".json", ".yaml", ".yml")
)

Say = Callable[[str], None]
Choose = Callable[[str, Verdict], Verdict]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to import: `file`, or what runs. `base` is the manifest's folder; `environment` the name of env_NAME."""

    file: str | None
    base: str | None = None
    running: bool = False
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """What was read: the plain values, from where, and which of them depend on the environment."""

    value: object
    source: str
    folder: str
    templates: Mapping[int, Mapping[tuple[str, ...], str]] = field(default_factory=dict)
    env_file: str = ""
    said: tuple[str, ...] = ()


def chosen(asked: Asked) -> str | None:
    """Return the file to import: the one that was named, else the one that PM2's users have; None for what runs."""
    if asked.running:
        if asked.file is not None:
            raise WrongUse("--running and a FILE exclude each other", "leave one of them out")
        return None
    name = asked.file or next((name for name in NAMES if Path(name).is_file()), None)
    if name is None:
        raise WrongUse(
            "there is no ecosystem file here", f"name it: procman import pm2 FILE (looked for {NAMES[0]} and the like)"
        )
    return name


def imported(asked: Asked, shell: Mapping[str, str], say: Say, choose: Choose | None = None) -> Imported:
    """Return what `asked` becomes. Failed when it cannot be evaluated, WrongUse when it cannot be read."""
    name = chosen(asked)
    config = _running(shell) if name is None else _read(name, shell, say)
    path = shell.get("PATH", os.defpath)
    base = os.path.realpath(asked.base or config.folder)
    context = Context(
        config.folder,
        base,
        lambda directory, script: scripts.look(directory, script, path),
        _Packages(),
        environment=asked.environment,
        env_file=os.path.relpath(config.env_file, base) if config.env_file else "",
        choose=choose,
    )
    title = first.title(config.folder) or Path(config.folder).name
    try:
        made = pm2_import.imported(config.value, config.source, title, context, config.templates)
    except NoApps as error:
        raise Failed(f"{config.source}: {error}", "PM2 would start nothing from it, either") from error
    return replace(made, said=(*config.said, *made.said))


def first_of(folder: str, path: str, shell: Mapping[str, str], say: Say) -> First | None:
    """Return the first manifest of the ecosystem file in `folder`, to be written to `path`; None when there is none."""
    name = next((each for each in NAMES if Path(folder, each).is_file()), None)
    if name is None:
        return None
    made = imported(Asked(str(Path(folder, name)), str(Path(path).parent)), shell, say)
    more = f"{counted(len(made.hidden), 'thing')} that PM2 did not say, and every field: procman import pm2 {name}"
    return First(made.text, name, tuple(row.draft for row in made.rows), (more,))


def compared(file: str | None, made: Imported | None, shell: Mapping[str, str]) -> tuple[Difference, ...]:
    """Return what differs between what PM2 runs, and `made` or else the manifest `file`."""
    if made is None:
        loaded = load_file(manifest_path(file, shell), shell)
    else:
        loaded = first.loaded(made.text, str(Path.cwd() / "procman.yaml"), shell)
    if loaded.manifest is None:
        raise Failed(f"{loaded.source.name} cannot be read as a manifest", "procman validate shows why")
    return pm2_check.differences(loaded.manifest, _listed(pm2.running(shell, str(Path.cwd())), "pm2 jlist", shell))


def _read(name: str, shell: Mapping[str, str], say: Say) -> Config:
    data = ecosystem.data_of(name)
    folder = str(Path(name).resolve().parent)
    if ecosystem.is_saved(name):
        return _of_list(_listed(pm2.parsed(data, name), name, shell), name, folder)
    if not ecosystem.is_code(name):
        value = ecosystem.plain(data, name)
        lists = pm2_running.listed(value, shell) if isinstance(value, list) and value else None
        return Config(value, _shown(name), folder) if lists is None else _of_list(lists, name, folder)
    program = node.find(shell.get("PATH", os.defpath))
    if program is None:
        return Config(
            ecosystem.literal(data, name, folder),
            _shown(name),
            folder,
            said=("read as a literal: there is no node here",),
        )
    say(
        f"evaluating {name} with {program}, as PM2 does, in a clean environment: "
        f"at most {node.SECONDS:.0f} s and {node.HEAP_MIB} MiB"
    )
    return _evaluated(name, folder, program, shell)


def _evaluated(name: str, folder: str, program: str, shell: Mapping[str, str]) -> Config:
    """Return what `name` exports, and which of its values come from variables: those change when the variables do."""

    def answer(variables: Mapping[str, str]) -> node.Answer | node.Fault:
        return node.evaluate(program, name, shell.get("PATH", os.defpath), shell.get("HOME", "/"), variables)

    found = answer({})
    if isinstance(found, node.Fault):
        place = f":{found.line}" + (f":{found.column}" if found.column else "") if found.line else ""
        raise Failed(f"{name}{place}: {found.message}", "nothing was imported; does `node` take the file by itself?")
    said = list(found.notes)
    env_file, kept = "", frozenset[str]()
    for path, inside in found.dotenv:
        if inside:
            env_file, kept = path, frozenset(inside)
    names = [each for each in found.read if each not in ("*", "PATH", "HOME")]
    by_app: dict[int, dict[tuple[str, ...], str]] = {}
    if names:
        marks = templates.marks(names, str(found.value))
        again = answer(marks)
        places = list(templates.changed(found.value, again.value)) if isinstance(again, node.Answer) else []
        by_app = ecosystem.by_app(places, marks, kept)
        said.extend(ecosystem.environment_words(names, places, by_app, marks))
    if "*" in found.read:
        said.append(
            "it copies the whole environment (...process.env): PATH and HOME alone were in it; write what is needed"
        )
    value = ecosystem.without(found.value, {name: shell[name] for name in ("PATH", "HOME") if name in shell})
    return Config(value, _shown(name), folder, by_app, env_file, tuple(said))


def _running(shell: Mapping[str, str]) -> Config:
    folder = str(Path.cwd())
    return _of_list(_listed(pm2.running(shell, folder), "pm2 jlist", shell), "what PM2 runs", folder)


def _listed(document: object, name: str, shell: Mapping[str, str]) -> tuple[Listed, ...]:
    found = pm2_running.listed(document, shell)
    if found is None:
        raise WrongUse(f"{name} is no list of PM2's processes", "run `pm2 save`, and import ~/.pm2/dump.pm2")
    return found


def _of_list(lists: tuple[Listed, ...], source: str, folder: str) -> Config:
    """Return what an ecosystem file of these would hold; the first app's folder is the project's."""
    dropped = sorted({name for each in lists for name in each.dropped})
    said = [
        f"PM2 keeps the whole shell with each app: {len(dropped)} variables of it were left out; check the rest of env"
    ]
    base = str(lists[0].raw.get("cwd") or folder) if lists else folder
    said += [
        f"{each.raw['name']} uses {each.memory >> 20} MiB now, and has no limit" for each in lists
        if each.memory and "max_memory_restart" not in each.raw
    ]  # fmt: skip
    return Config([dict(each.raw) for each in lists], _shown(source), base, said=tuple(said))


def _shown(name: str) -> str:
    return name.rpartition("/")[2]


class _Packages(dict[str, tuple[str, ...]]):
    """What each folder's package.json depends on, read when it is asked for."""

    def __missing__(self, folder: str) -> tuple[str, ...]:
        return self.setdefault(folder, scripts.packages(folder))
