"""A program as another tool starts it, and the service that it becomes. Each source fills in what it knows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection

from procman.core.argv import calls
from procman.core.imports.draft import Draft, Entry, Value, literal, service_name
from procman.core.imports.evidence import Clues, Verdict, judge
from procman.core.manifest import Kind
from procman.core.serving import OWN_PORT, WRITTEN
from procman.core.values import dataclass, replace

GUESS = "a first guess: `procman plan --measured` proposes better ones once it runs"
# What only a shell understands. A tilde and a star matter at the beginning of a word, the rest anywhere.
_SHELL = r"[|&;<>`\n#]|\$(?!\{[A-Za-z_][A-Za-z0-9_]*\})|(?:^|\s)[~]|[*?\[]|\$\{"
_ASSIGNED = r"([A-Za-z_][A-Za-z0-9_]*)=(.*)"


@dataclass(frozen=True, slots=True)
class Program:
    """One process of another tool's file. `command` is as that tool has it: words, or the text of a shell.

    Values of `env`, and `listen`, are as the manifest writes them.
    """

    name: str
    command: tuple[str, ...] | str
    clues: Clues
    directory: str = "."
    env: tuple[tuple[str, str], ...] = ()
    memory: str | None = None
    listen: str | None = None


def drafted(program: Program, taken: Collection[str] = ()) -> tuple[Draft, Verdict]:
    """Return the service that `program` becomes, and the verdict behind its kind; its name is none of `taken`."""
    verdict = judge(program.clues)
    words, set_in_front = apart(program.command)
    entries = [*command_entries(words)]
    if verdict.kind is Kind.SCALABLE:
        entries.append(Entry("instances", program.clues.instances))
    entries.append(Entry("memory", program.memory or "300M", GUESS if program.memory is None else ""))
    if program.listen and verdict.kind is Kind.SCALABLE:
        entries.append(Entry("listen", program.listen, "handed over as descriptor 3"))
    env: dict[str, Value] = {**dict(program.env), **{name: literal(value) for name, value in set_in_front}}
    if env:
        entries.append(Entry("env", env))
    if program.directory != ".":
        entries.append(Entry("directory", literal(program.directory)))
    name = service_name(program.name, taken)
    return Draft(name, verdict.kind, tuple(unported(entries)), (because(verdict),)), verdict


def because(verdict: Verdict) -> str:
    """Return the comment that gives the evidence for a kind."""
    return f"{verdict.kind.value}: {'; '.join(verdict.reasons)}"


def unported(entries: list[Entry]) -> list[Entry]:
    """Return the entries of a service, with a ``{port}`` in its command kept as it is where there is an address."""
    if not any(entry.key == "listen" for entry in entries):
        return entries

    def kept(value: Value) -> Value:
        if isinstance(value, str):
            return value.replace(OWN_PORT, WRITTEN)
        return (
            tuple(w.replace(OWN_PORT, WRITTEN) for w in value if isinstance(w, str))
            if isinstance(value, tuple)
            else value
        )

    return [replace(entry, value=kept(entry.value)) if entry.key == "command" else entry for entry in entries]


def command_entries(command: tuple[str, ...] | str) -> tuple[Entry, ...]:
    """Return the keys that run `command`: words, text that is split into them, or text for a shell."""
    if isinstance(command, str):
        words = split(command)
        if words is None:
            return Entry("command", literal(command)), Entry("shell", value=True)
        return (Entry("command", literal(command)),)
    joined = shlex.join(command)
    simple = "'" not in joined and '"' not in joined and "\n" not in joined
    return (Entry("command", literal(joined) if simple else tuple(map(literal, command))),)


def split(text: str) -> tuple[str, ...] | None:
    """Return the words of `text`, or None when it needs a shell to be understood."""
    if re.search(_SHELL, text):
        return None
    try:
        words = tuple(shlex.split(text))
    except ValueError:
        return None
    return words if words and "=" not in words[0] else None


def apart(command: tuple[str, ...] | str) -> tuple[tuple[str, ...] | str, tuple[tuple[str, str], ...]]:
    """Return the command without the variables that are set in front of it, and these."""
    if not isinstance(command, str) or re.search(_SHELL, command):
        return command, ()
    try:
        words = shlex.split(command)
    except ValueError:
        return command, ()
    env = []
    if words[:1] == ["cross-env"]:
        words.pop(0)
    while words and (found := re.fullmatch(_ASSIGNED, words[0], re.DOTALL)):
        env.append((found[1], found[2]))
        words.pop(0)
    if not words or (not env and command.split()[:1] == words[:1]):
        return command, ()
    return tuple(words), tuple(env)


def script_of(command: tuple[str, ...] | str) -> str | None:
    """Return the file that a command hands to its interpreter, or None: ``src/index.js`` of ``node src/index.js``."""
    words = split(command) if isinstance(command, str) else command
    for call in calls(words) if words else ():
        found = next((word for word in call.args if re.search(r"\.(?:[cm]?[jt]sx?|py|php|rb)$", word)), None)
        if found is not None:
            return found
    return None
