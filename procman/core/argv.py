"""What the words of a command say: which programs run in the end, inside what, and with which options.

Reads words only; a guess where a shell would have to be asked. Nothing here looks for a file.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import lru_cache
from posixpath import basename

from procman.core.values import dataclass

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})
PACKAGE_RUNNERS = frozenset({"npm", "npx", "yarn", "pnpm"})
PYTHON_SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "celery", "flask", "granian", "daphne", "waitress"})

LONGEST = 1 << 16
"""Longer texts of a shell are not looked into: nobody reads them either."""

# Texts, compiled when they are first needed: not every command has them.
_ASSIGNMENT = r"(?s)([A-Za-z_][A-Za-z0-9_]*)=(.*)"
_NUMBER = r"[0-9]+(?:\.[0-9]+)?[smhd]?"
_VERSIONED = frozenset(("python", "pypy", "node", "nodejs", "php", "ruby", "lua"))
_SAME = {"nodejs": "node", "pypy": "python"}
# Programs that only change how the next one runs, with their options that take a word.
_PREFIXES = {
    **dict.fromkeys(("exec", "command", "nohup", "setsid", "time", "dumb-init", "tini"), ""),
    "env": "uCS",
    "nice": "n",
    "ionice": "cnp",
    "stdbuf": "ioe",
    "timeout": "ks",
    "taskset": "",
    "sudo": "ugh",
    "doas": "u",
}
_RUNNERS = {"uv": "run", "poetry": "run", "pipenv": "run", "bundle": "exec"}
_RUN_VALUED = frozenset(
    {"--with", "--with-editable", "--with-requirements", "--extra", "--group", "--only-group", "--package", "--python"}
    | {"-p", "-w", "--env-file", "--directory", "--project", "--index", "--index-url", "--config-file", "--gemfile"}
)
"""Options of these that take a word."""


@dataclass(frozen=True, slots=True)
class Call:
    """One program that a command starts. `name` is bare (``python``), `around` what stands before it, outermost first.

    `env`: variables set in front of it; `words`: the program and its arguments as written.
    """

    name: str
    args: tuple[str, ...]
    words: tuple[str, ...]
    around: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=1 << 16)
def calls(argv: tuple[str, ...]) -> tuple[Call, ...]:
    """Return every program that `argv` starts, those inside ``sh -c`` included; a shell itself is not among them.

    A dozen rules ask for each command, so the answers are kept.
    """
    return tuple(_calls(argv, (), 0))


def script(argv: tuple[str, ...]) -> str | None:
    """Return the text that a shell is given with ``-c``, or None when `argv` is no such command."""
    if basename(argv[0]) not in SHELLS:
        return None
    for index, word in enumerate(argv[1:-1], 1):
        if re.fullmatch("-[a-z]*c", word):
            return argv[index + 1]
    return None


def parts(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the simple commands in the text of a shell, without redirections; none when it is too long or broken."""
    if len(text) > LONGEST:
        return ()
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    found: list[list[str]] = [[]]
    try:
        tokens = list(lexer)
    except ValueError:
        return ()
    skip = False
    for token in tokens:
        if skip:
            skip = False
        elif set(token) <= set("<>&") and set(token) & set("<>"):
            skip = True
            if found[-1] and found[-1][-1].isdecimal():
                found[-1].pop()
        elif set(token) <= set(";&|()"):
            found.append([])
        else:
            found[-1].append(token)
    return tuple(tuple(words) for words in found if words)


def option(args: tuple[str, ...], *names: str) -> str | None:
    """Return the value of the last option called one of `names`: ``--x=1``, ``--x 1``, ``-x1``; "" for none."""
    value: str | None = None
    for index, word in enumerate(args):
        for name in names:
            if word == name:
                following = args[index + 1] if index + 1 < len(args) else ""
                value = "" if following.startswith("-") and not following[1:].isdecimal() else following
            elif word.startswith(f"{name}="):
                value = word[len(name) + 1 :]
            elif len(name) == len("-x") and word.startswith(name) and not word.startswith("--"):
                value = word[len(name) :]
    return value


def runtime(call: Call) -> str:
    """Return the language a program runs in, as far as its name tells: ``node``, ``python``; else its own name."""
    if call.name in PACKAGE_RUNNERS or call.name in ("pm2", "pm2-runtime", "nodemon", "ts-node", "tsx"):
        return "node"
    return "python" if call.name in PYTHON_SERVERS else call.name


def _calls(argv: tuple[str, ...], around: tuple[str, ...], depth: int) -> Iterator[Call]:
    env: list[tuple[str, str]] = []
    words, around = _unwrapped(argv, around, env)
    if not words or depth > len(SHELLS):
        return
    text = script(words)
    if text is not None:
        for part in parts(text):
            yield from _calls(part, (*around, basename(words[0])), depth + 1)
        return
    name, args = _bare(words[0]), words[1:]
    at = _module(args) if name == "python" else None
    if at is not None:
        yield Call(args[at], args[at + 1 :], words, (*around, name), tuple(env))
    else:
        yield Call(name, args, words, around, tuple(env))


def _unwrapped(
    argv: tuple[str, ...], around: tuple[str, ...], env: list[tuple[str, str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return `argv` from the first word that is no prefix on, and what was before it."""
    words = list(argv)
    while words:
        match = re.fullmatch(_ASSIGNMENT, words[0]) if "=" in words[0] else None
        name = basename(words[0])
        if match:
            env.append((match[1], match[2]))
            words.pop(0)
        elif name in _PREFIXES:
            around = (*around, name)
            _skip_options(words, _PREFIXES[name])
        elif name in _RUNNERS and words[1:2] == [_RUNNERS[name]]:
            around = (*around, name)
            words = _run_by(words[2:])
        else:
            break
    return tuple(words), around


def _run_by(words: list[str]) -> list[str]:
    """Return `words` from the program on, or its module: ``uv run --frozen uvicorn``, ``uv run -m uvicorn``."""
    for index, word in enumerate(words):
        if not word.startswith("-") and _RUN_VALUED.isdisjoint(words[max(0, index - 1) : index]):
            return words[index:]
    return []


def _skip_options(words: list[str], with_value: str) -> None:
    words.pop(0)
    while words and (words[0].startswith("-") or (words[0][:1].isdigit() and re.fullmatch(_NUMBER, words[0]))):
        word = words.pop(0)
        if word == "--":
            return
        if len(word) == len("-x") and word[1] in with_value and words:
            words.pop(0)


def _module(args: tuple[str, ...]) -> int | None:
    """Return where the module of ``python -m MODULE`` stands in `args`, or None when a file is run."""
    for index, word in enumerate(args[:-1]):
        if word == "-m":
            return index + 1
        if not word.startswith("-") and args[index - 1 : index] not in (("-W",), ("-X",)):
            return None
    return None


def _bare(word: str) -> str:
    """Return the name of a program without folder and version: ``/usr/bin/python3.11`` is ``python``."""
    name = basename(word) or word
    unversioned = name.rstrip("0123456789.").removesuffix("-")
    bare = unversioned if unversioned in _VERSIONED and name[-1:].isdigit() else name
    return _SAME.get(bare, bare)
