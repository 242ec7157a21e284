"""Singleton or scalable, by evidence: what a name, a count, a port and a program's imports say. Never silently."""

from __future__ import annotations

import re
from collections.abc import Iterable

from procman.core.imports.libraries import CONSUMER_WORDS, CONSUMERS, CREATES, SERVERS, TAKES, TAKES_TOO
from procman.core.manifest import Kind
from procman.core.values import dataclass

_IMPORTED = re.compile(
    r"""\brequire\s*\(\s*['"]([^'"\n]+)['"]|\bfrom\s+['"]([^'"\n]+)['"]|^\s*import\s+['"]([^'"\n]+)['"]"""
    r"""|^[ \t]*from\s+([A-Za-z_][\w.]*)\s+import\b|^[ \t]*import\s+([A-Za-z_][\w.]*)(?![^\n]*\bfrom\s*['"])""",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known of a program. `cluster`: its manager was told to run several workers of it on one address.

    `text` is the beginning of its script, `packages` what its project depends on; `own`: those are its alone.
    `free`: nobody has said yet how many there are.
    """

    name: str
    words: tuple[str, ...] = ()
    script: str = ""
    text: str = ""
    packages: tuple[str, ...] = ()
    own: bool = False
    port: str | None = None
    instances: int = 1
    cluster: bool = False
    counted: str = ""
    free: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind, why, and whether the evidence is clear. `takes` is what says that work is taken from somewhere."""

    kind: Kind
    reasons: tuple[str, ...]
    sure: bool
    takes: tuple[str, ...] = ()


def judge(clues: Clues) -> Verdict:
    """Return the kind that `clues` speak for: singleton when they speak for both, or for nothing."""
    takes, serves = tuple(_takes(clues)), tuple(_serves(clues))
    several = clues.cluster or clues.instances > 1
    counted = clues.counted or f"{clues.instances} instances"
    if takes:
        beside = (f"although it had {counted}",) if several else ()
        return Verdict(Kind.SINGLETON, (*takes, *beside), sure=True, takes=takes)
    if several and (serves or clues.cluster):
        reasons = (counted, *serves)
        return Verdict(Kind.SCALABLE, reasons, sure=bool(serves))
    if several:
        return Verdict(
            Kind.SINGLETON, (f"unclear: {counted}, but nothing shows that they share an address",), sure=False
        )
    if serves and clues.free:
        return Verdict(Kind.SCALABLE, serves, sure=True)
    if clues.free:
        return Verdict(Kind.SINGLETON, ("unclear: nothing shows that it may run twice",), sure=False)
    seen = f" ({', '.join(serves)})" if serves else ""
    return Verdict(Kind.SINGLETON, (f"unclear: one process until now{seen}",), sure=False)


def imported(text: str) -> tuple[str, ...]:
    """Return the packages that a script of JavaScript, TypeScript or Python imports, each once, no files of its own."""
    found = (next(filter(None, match.groups())) for match in _IMPORTED.finditer(text))
    return tuple(dict.fromkeys(_package(name) for name in found if not name.startswith((".", "/"))))


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a name: ``mqttConsumer-2`` is mqtt, consumer."""
    apart = re.sub("(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return tuple(word.lower() for word in re.split("[^A-Za-z]+", apart) if word)


def _takes(clues: Clues) -> Iterable[str]:
    """Yield what says that the program takes messages, jobs or times."""
    named = _first(words_of(clues.name), CONSUMER_WORDS)
    if named:
        yield f"its name says '{named}'"
    else:
        said = _first((w for word in (clues.script, *clues.words) for w in words_of(_end(word))), CONSUMER_WORDS)
        if said:
            yield f"its command says '{said}'"
    packages = imported(clues.text)
    serves = any(package in SERVERS for package in packages) or _creates(clues.text)
    acts = any(mark in clues.text for mark in (*TAKES, *TAKES_TOO))
    for package in packages:
        if package in CONSUMERS and (acts or not serves):
            yield f"{clues.script} imports {package} ({CONSUMERS[package]})"
    if not packages and clues.own and not any(package in SERVERS for package in clues.packages):
        for package in clues.packages:
            if package in CONSUMERS:
                yield f"its package depends on {package} ({CONSUMERS[package]})"


def _serves(clues: Clues) -> Iterable[str]:
    """Yield what says that the program serves requests."""
    if clues.port:
        yield f"port {clues.port}"
    packages = imported(clues.text)
    for package in packages:
        if package in SERVERS:
            yield f"{clues.script} imports {package}"
    if _creates(clues.text):
        yield f"{clues.script} creates a server"
    if not packages and clues.own:
        served = _first(clues.packages, SERVERS)
        if served:
            yield f"its package depends on {served}"


def _first(words: Iterable[str], known: frozenset[str]) -> str | None:
    return next((word for word in words if word in known), None)


def _creates(text: str) -> bool:
    return any(mark in text for mark in CREATES)


def _end(word: str) -> str:
    """Return the last part of a path, and the one before it where the last says nothing: ``worker/index.js``."""
    parts = word.split("/")
    plain = parts[-1].partition(".")[0] in ("index", "main", "app", "start", "run", "")
    return "/".join(parts[-2:]) if plain else parts[-1]


def _package(name: str) -> str:
    """Return the package of an import: ``@nestjs/core`` of ``@nestjs/core/x``, ``paho`` of ``paho.mqtt.client``."""
    parts = name.split("/")
    if name.startswith("@"):
        return "/".join(parts[:2])
    return parts[0] if "." not in parts[0] or parts[0].endswith(".js") else parts[0].partition(".")[0]
