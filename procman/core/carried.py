"""What is inside a program that only starts another: the one that npx, `pnpm dlx`, `uvx`, or node and a file are given.

`argv.calls` ends at these, since they stay the parent of what they start. A rule that looks for a program by its name
wants what is inside them, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from posixpath import basename, dirname

from procman.core.argv import Call, calls

DEEPEST = 8

# The words that may stand before the program, and the options that take a word. Verbs in capitals: one must be there.
_RUNNERS: dict[str, tuple[str, str]] = {
    "npx": ("", "-p --package -w --workspace --prefix --registry --cache --userconfig"),
    "pnpx": ("", "-p --package"),
    "bunx": ("", "-p --package"),
    "npm": ("EXEC X RUN RUN-SCRIPT", "-p --package -w --workspace --prefix --registry --cache --userconfig"),
    "pnpm": ("exec dlx run", "-C --dir -F --filter --package"),
    "yarn": ("exec dlx run", "--cwd -p --package workspace"),
    "bun": ("X", "-p --package --cwd"),
    "uv": ("TOOL RUN", "--from --with -p --python"),
    "uvx": ("", "--from --with -p --python -c --constraints"),
    "pipx": ("RUN", "--spec --python"),
    "pdm": ("RUN", "-p --project"),
    "hatch": ("RUN", "-e --env"),
    "rye": ("RUN", ""),
    "cross-env": ("", ""),
    "env-cmd": ("", "-f --file -e --environments"),
    "dotenv": ("", "-e -f -v"),
    "dotenvx": ("RUN", "-f --env-file -e --env"),
}
_TEXT = ("-c", "--call")
# Options of a runtime itself that take a word; what stands first after all of them is its script.
_NODE = (
    "-r --require --import --loader --experimental-loader -C --conditions --env-file --env-file-if-exists --title "
    "--watch-path --input-type --disable-warning --icu-data-dir --openssl-config --redirect-warnings --diagnostic-dir "
    "--trace-event-categories --unhandled-rejections --dns-result-order --inspect-port -e --eval -p --print"
)
_VALUED = {
    "node": frozenset(_NODE.split()),
    "tsx": frozenset((*_NODE.split(), "--tsconfig")),
    "bun": frozenset({"-r", "--preload", "--env-file", "-c", "--config", "--cwd", "-e", "--eval"}),
    "deno": frozenset({"-c", "--config", "--import-map", "--ext"}),
    "python": frozenset({"-W", "-X", "-c", "-m"}),
}
_INLINE = {"node": ("-e", "--eval", "-p", "--print"), "bun": ("-e", "--eval"), "python": ("-c", "-m")}
_VERBS = {"bun": ("run",), "deno": ("run", "serve")}
_INSTALLED = r"(?:.*/)?node_modules/(?:\.bin/)?((?:@[^/]+/)?[^/]+)(?:/.*)?"


@lru_cache(maxsize=1 << 16)
def programs(argv: tuple[str, ...]) -> tuple[Call, ...]:
    """Return every program that `argv` starts, and those that are started inside them."""
    return tuple(_programs(argv, 0))


def own_options(call: Call) -> tuple[str, ...]:
    """Return the options of a runtime such as node itself, without their values: those before its script."""
    return _apart(call)[0]


def operands(call: Call) -> tuple[str, ...]:
    """Return what follows the options of the program itself: its script or verb, and what that is given."""
    return _apart(call)[1]


def _programs(argv: tuple[str, ...], depth: int) -> Iterator[Call]:
    for call in calls(argv):
        yield call
        inside = _inside(call) if depth < DEEPEST else ()
        if inside:
            yield from _programs(inside, depth + 1)


def _inside(call: Call) -> tuple[str, ...]:
    """Return the command that `call` starts; nothing when it is a program of its own."""
    if call.name in ("node", "python"):
        return _installed(call)
    if call.name not in _RUNNERS:
        return ()
    verbs, valued = (text.split() for text in _RUNNERS[call.name])
    words, missing = list(call.args), any(verb.isupper() for verb in verbs)
    while words:
        word = words[0]
        if word in _TEXT and call.name in ("npx", "npm", "pnpm"):
            return ("sh", "-c", words[1]) if words[1:] else ()
        if word == "--" or word.upper() in map(str.upper, verbs):
            missing = missing and word == "--"
            del words[0]
        elif word in valued:
            del words[:2]
        elif word.startswith("-"):
            del words[0]
        else:
            break
    return (_named(words[0]), *words[1:]) if words and not missing else ()


def _installed(call: Call) -> tuple[str, ...]:
    """Return the program that a runtime is given as a file: one of node_modules, of a folder bin, or a script."""
    script = operands(call)
    if not script:
        return ()
    if call.name == "node":
        match = re.fullmatch(_INSTALLED, script[0])
        return (match[1], *script[1:]) if match else ()
    known = script[0].endswith(".py") or basename(dirname(script[0])) == "bin"
    return (basename(script[0]), *script[1:]) if known else ()


def _apart(call: Call) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the options of a runtime itself, and its script with what that is given."""
    options: list[str] = []
    words = list(call.args)
    while words:
        word = words[0]
        if word in _INLINE.get(call.name, ()):
            return tuple(options), ()
        if word.startswith("-") and word not in ("-", "--"):
            options.append(word)
            del words[: 2 if word in _VALUED.get(call.name, ()) else 1]
        elif word in _VERBS.get(call.name, ()):
            del words[0]
        else:
            break
    return tuple(options), tuple(words)


def _named(word: str) -> str:
    """Return the program of ``nodemon@3``: itself, without the version."""
    scope, name = ("@", word[1:]) if word.startswith("@") else ("", word)
    return scope + name.partition("@")[0]
