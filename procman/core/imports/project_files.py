"""The programs of a project, by what lies in its folder: package.json, pyproject.toml, Procfile. Reads values only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from procman.core.imports.evidence import Clues
from procman.core.imports.libraries import CONSUMER_WORDS
from procman.core.imports.program import Program, script_of, split
from procman.core.values import dataclass, replace

Reader = Callable[[str], str]
"""Gives the beginning of a file of the project, or nothing."""

_STARTS = ("start", "serve", "server", "web", "api")
_NOT_RUN = re.compile(
    r"(^|[:_-])(dev|develop|watch|test|tests|build|lint|debug|debugger|format|install|prepare|publish)([:_-]|$)"
)
_PROCFILE = re.compile(r"^([A-Za-z0-9_-]+):[ \t]*(\S.*?)[ \t]*$")


@dataclass(frozen=True, slots=True)
class Look:
    """What was found: programs, and what could not become one, in words."""

    programs: tuple[Program, ...]
    notes: tuple[str, ...] = ()


def of_package(package: Mapping[str, object], read: Reader) -> Look:
    """Return the programs of a package.json: its scripts that start something, else its main file."""
    scripts = {k: v for k, v in _table(package, "scripts").items() if isinstance(v, str) and v.strip()}
    packages = tuple(_table(package, "dependencies"))
    chosen = [name for name in scripts if _runs(name)]
    name = str(package.get("name") or "app").rpartition("/")[2]
    if not chosen:
        main = package.get("main")
        script = main if isinstance(main, str) and read(main) else next(filter(read, ("server.js", "index.js")), None)
        if script is None:
            return Look((), ("package.json has no script that starts something, and no main file",))
        return Look((_program(name, ("node", script), packages, read, own=True),))
    own = len(chosen) == 1
    programs = tuple(_of_script(s, scripts[s], name if own else _short(s, name), packages, read, own) for s in chosen)
    return Look(programs)


def of_pyproject(pyproject: Mapping[str, object], read: Reader) -> Look:
    """Return the programs of a pyproject.toml: a known file that starts a server or a consumer, else its scripts."""
    project = pyproject.get("project")
    table = project if isinstance(project, Mapping) else {}
    listed = table.get("dependencies")
    packages = tuple(_requirement(each) for each in listed if isinstance(each, str)) if isinstance(listed, list) else ()
    found = []
    for file in ("main.py", "app.py", "server.py", "api.py", "consumer.py", "worker.py", "bot.py", "manage.py"):
        text = read(file)
        if text:
            found.append(_of_python(file, text, packages))
    if not found:
        scripts = [name for name, value in _table(table, "scripts").items() if isinstance(value, str)]
        found = [
            Program(name, (name,), Clues(name, packages=packages, own=len(scripts) == 1, free=True)) for name in scripts
        ]
    return Look(
        tuple(found),
        () if found else ("pyproject.toml names no script, and no main.py, app.py or worker.py lies there",),
    )


def of_procfile(text: str, read: Reader) -> Look:
    """Return the programs of a Procfile. What it runs once, before a release, is no service."""
    programs, notes = [], []
    for number, line in enumerate(text.splitlines(), 1):
        found = _PROCFILE.match(line)
        if found is None:
            if line.strip() and not line.lstrip().startswith("#"):
                notes.append(f"line {number} is no `name: command`, and was left out")
            continue
        name, command = found[1], found[2]
        if name == "release":
            notes.append(
                f"release: `{command}` runs once: a service with `oneshot: true`, and depends_on in the others"
            )
            continue
        port = "${PORT}" if name == "web" or "$PORT" in command else None
        programs.append(_program(name, command, (), read, port=port))
    return Look(tuple(programs), tuple(notes))


def _of_script(script: str, command: str, name: str, packages: tuple[str, ...], read: Reader, own: bool) -> Program:  # noqa: FBT001
    """Return the program of an npm script: what it runs when that is plain, else the script itself."""
    words = split(_bare(command))
    plain = words is not None and words[0] in ("node", "python", "python3", "php", "ruby", "deno", "bun")
    made = _program(name, command, packages, read, own=own)
    if own and set(re.split("[:_-]", script)) & CONSUMER_WORDS:
        made = replace(made, clues=replace(made.clues, name=f"{name} {script}"))
    return made if plain else replace(made, command=("npm", "run", "--silent", script))


def _program(
    name: str,
    command: str | tuple[str, ...],
    packages: tuple[str, ...],
    read: Reader,
    *,
    own: bool = False,
    port: str | None = None,
) -> Program:
    bare = _bare(command) if isinstance(command, str) else command
    script = script_of(bare)
    words = (split(bare) or (bare,)) if isinstance(bare, str) else bare
    clues = Clues(name, words, script or "", read(script) if script else "", packages, own, port, free=True)
    env = (("PORT", "${PORT:-5000}"),) if port else ()
    return Program(name, command, clues, env=env)


def _of_python(file: str, text: str, packages: tuple[str, ...]) -> Program:
    name = file.removesuffix(".py")
    served = re.search(r"^([A-Za-z_]\w*)\s*=\s*(?:FastAPI|Starlette)\(", text, re.MULTILINE)
    command = ("python3", "-m", "uvicorn", "--fd", "3", f"{name}:{served[1]}") if served else ("python3", file)
    listen = "127.0.0.1:8000" if served else None
    return Program(name, command, Clues(name, (), file, text, packages, own=False, free=True), listen=listen)


def _runs(name: str) -> bool:
    parts = set(re.split("[:_-]", name.lower()))
    return (
        not _NOT_RUN.search(name) and not name.startswith(("pre", "post")) and bool(parts & {*_STARTS, *CONSUMER_WORDS})
    )


def _short(script: str, package: str) -> str:
    """Return the name of an npm script without what only says that it starts: ``mqtt`` of ``start:mqtt``."""
    return re.sub("^(start|run|serve)([:_-]|$)", "", script) or package


def _bare(command: str) -> str:
    """Return `command` without the variables that are set in front of it."""
    return re.sub(r"^(cross-env )?([A-Z_][A-Z0-9_]*=\S+ )*", "", command)


def _table(values: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = values.get(key)
    return found if isinstance(found, Mapping) else {}


def _requirement(text: str) -> str:
    return re.split(r"[\s\[<>=!~;@(]", text, maxsplit=1)[0].lower()
