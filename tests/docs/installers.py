"""Commands that install, as pages, recipes and messages write them, and which of them ask for a stranger's program."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

STRANGER = "procman"
OURS = "procman-supervisor"

_COMMAND = re.compile(
    r"""(?<![\w./-])(?:
        pip[\d.]*\ (?:-\S+\ )*(?:install|download|wheel)
      | pipx\ (?:-\S+\ )*(?P<pipx>install|run|inject|upgrade|reinstall)
      | uv\ tool\ (?P<tool>install|run|upgrade)
      | (?P<uvx>uvx)
      | (?:uv|poetry|pdm|rye|hatch)\ add
      | pipenv\ install
      | conda\ install
    )(?P<rest>(?:\ [^\n;|&`]*)?)""",
    re.VERBOSE,
)
_WORD = re.compile(r"""(?:'[^'\n]*'|"[^"\n]*"|[^\s'"]|['"])+""")
_NAME = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?P<rest>$|[=<>!~;,@].*)")
_PINNED = re.compile(r"(?<![\w./-])procman *(?:[=~!]=|[<>]=?) *v?\d", re.IGNORECASE)
_ARGV = re.compile(r"""["'] *, *["']""")
_SOURCE = ("--spec", "--from")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A requirement as it is written behind a command, and the name that it asks an index for; "" when it asks none."""

    text: str
    name: str


def requirements(text: str) -> Iterator[Wanted]:
    """Yield what the commands in `text` install, each word a shell would hand on."""
    plain = _ARGV.sub(" ", text.replace("\\\n", " "))
    for found in _COMMAND.finditer(re.sub(r"[ \t]+", " ", plain)):
        words = [_bare(word) for word in _WORD.findall(found["rest"])]
        runs = found["uvx"] is not None or "run" in (found["pipx"], found["tool"])
        for word in _asked(words, runs=runs, into=found["pipx"] == "inject"):
            yield Wanted(word, _name(word, keeps_source="upgrade" in (found["pipx"], found["tool"])))


def strangers(text: str, extras: frozenset[str], *, published: bool = False) -> list[str]:
    """Return every word in `text` by which an index is asked for a program that is not ours, or not yet there."""
    forbidden = {STRANGER} if published else {STRANGER, OURS}
    found = [wanted.text for wanted in requirements(text) if wanted.name in forbidden]
    with_extra = rf"(?<![\w./-])procman *\[ *(?:{'|'.join(sorted(extras))})\b[^\]]*\]"
    found += re.findall(with_extra, text, re.IGNORECASE)
    return found + _PINNED.findall(text)


def _asked(words: list[str], *, runs: bool, into: bool) -> list[str]:
    """Return the words that name something to install: all, the first of what is run, or what it is run from."""
    for index, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in _SOURCE:
            return [value] if equals else words[index + 1 : index + 2]
    named = [word for word in words if not word.startswith("-")]
    if into and named[:1] == [OURS]:  # an environment of pipx, not a requirement
        return named[1:]
    return named[:1] if runs else named


def _bare(word: str) -> str:
    """Return a word without quotes, and without what ends a sentence or a list of arguments behind it."""
    plain = re.sub("['\"]", "", word).rstrip(",.:)}") or word
    return plain if "[" in plain else plain.rstrip("])}")


def _name(word: str, *, keeps_source: bool) -> str:
    found = _NAME.fullmatch(word)
    if found is None:
        return ""
    name = re.sub(r"[-_.]+", "-", found["name"]).lower()
    named_with_source = re.match(r"@\s*\S+:", found["rest"]) is not None
    return "" if name == OURS and (keeps_source or named_with_source) else name
