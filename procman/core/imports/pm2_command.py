"""The command that PM2 runs for an app: interpreter, its options, script and arguments, chosen as PM2 chooses them."""

from __future__ import annotations

import re
from collections.abc import Callable
from posixpath import basename, splitext

from procman.core.imports.draft import Entry
from procman.core.imports.pm2_app import App
from procman.core.imports.program import apart, command_entries, split
from procman.core.imports.report import Hidden
from procman.core.values import dataclass

_INTERPRETERS = {
    ".sh": "bash", ".py": "python3", ".rb": "ruby", ".php": "php", ".pl": "perl", ".js": "node", ".ts": "node",
    ".tsx": "node", ".coffee": "coffee", ".ls": "lsc",
}  # fmt: skip
_TYPESCRIPT = ("ts-node", "tsx", "swc-node", "bun")


@dataclass(frozen=True, slots=True)
class Script:
    """What is known of a script: whether it is a file there or a program on the PATH, and how it begins."""

    file: bool = False
    program: bool = False
    binary: bool = False
    text: str = ""


Look = Callable[[str, str], Script]
"""Looks at a script as written, from a directory."""


@dataclass(frozen=True, slots=True)
class Command:
    """The keys that run an app, its words for evidence, variables that PM2 adds, and what there is to say.

    `told` has words for fields whose usual ones do not fit.
    """

    entries: tuple[Entry, ...]
    words: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    told: tuple[tuple[str, str], ...] = ()
    hidden: tuple[Hidden, ...] = ()
    node: bool = False


def command(app: App, found: Script) -> Command:
    """Return how `app` is run, with its script `found`."""
    script = app.text("script")
    if " " in script:
        return _line(app, script)
    interpreter, told, hidden = _interpreter(app, script, found)
    args = app.words("args")
    if interpreter is None:
        alone = _local(script, found)
        return _made((alone, *args), (), told, hidden, node=False)
    options = app.words("node_args")
    node = basename(interpreter) == "node"
    if node and app.true("source_map_support"):
        options = (*options, "--enable-source-maps")
    if node and splitext(script)[1] in (".ts", ".tsx") and not _compiles(options):
        options = (*options, "--experimental-strip-types")
        told.append(
            ("script", "node runs TypeScript by stripping its types, as PM2 does without bun; node 22.6 or newer")
        )
    env = (("PYTHONUNBUFFERED", "1"),) if "python" in interpreter else ()
    return _made((interpreter, *options, _plain(script), *args), env, told, hidden, node=node)


def _made(
    words: tuple[str, ...],
    env: tuple[tuple[str, str], ...],
    told: list[tuple[str, str]],
    hidden: list[Hidden],
    *,
    node: bool,
) -> Command:
    return Command(command_entries(words), words, env, tuple(told), tuple(hidden), node)


def _line(app: App, script: str) -> Command:
    """Return a whole command line, which PM2 hands to `bash -c` and which often needs no shell."""
    hidden = []
    if app.words("args"):
        advice = "write them into the command line if they are meant"
        hidden.append(Hidden(app.name, "args have no effect beside a script that is a whole command line", advice))
    bare, env = apart(script)
    words = split(bare) if isinstance(bare, str) else bare
    told = () if words else (("script", "run by sh, where PM2 uses bash; write a script for what only bash can do"),)
    node = words is not None and words[0] == "node"
    return Command(command_entries(bare), words or (script,), env, told, tuple(hidden), node)


def _interpreter(app: App, script: str, found: Script) -> tuple[str | None, list[tuple[str, str]], list[Hidden]]:
    """Return the program that runs the script, None for the script itself, and what there is to say."""
    wanted = app.text("exec_interpreter")
    if wanted == "none":
        return None, [], []
    if "@" in wanted:
        return "node", [("exec_interpreter", f"{wanted} is a version of nvm's: put the path of its node here")], []
    if wanted:
        return wanted, [], []
    known = _INTERPRETERS.get(splitext(script)[1])
    if known is None and (found.binary or (found.program and not found.file)):
        return None, [], []
    return (known, [], []) if known is not None else _guessed(app, script, found)


def _guessed(app: App, script: str, found: Script) -> tuple[str | None, list[tuple[str, str]], list[Hidden]]:
    """Return what runs a script whose ending says nothing, and which is no binary: node, but for what cannot be."""
    shebang = re.match(r"#!\s*(?:/usr/bin/env\s+)?(\S+)", found.text)
    if shebang and basename(shebang[1]) not in ("node", "nodejs"):
        words = f"PM2 runs {script} with node, since it is no binary and has no ending"
        return None, [], [Hidden(app.name, words, f"it says #!{shebang[1]}, and is run by that here")]
    if not found.file and not splitext(script)[1]:
        words = f"there is no {script} here, as a file or on the PATH"
        return None, [], [Hidden(app.name, words, "PM2 would not start it")]
    return "node", [], []


def _compiles(options: tuple[str, ...]) -> bool:
    return any(name in option for option in options for name in (*_TYPESCRIPT, "strip-types", "transform-types"))


def _plain(script: str) -> str:
    return script.removeprefix("./") or script


def _local(script: str, found: Script) -> str:
    """Return a script that is run itself, so that it is looked for where it lies and not on the PATH."""
    return f"./{script}" if found.file and "/" not in script else script
