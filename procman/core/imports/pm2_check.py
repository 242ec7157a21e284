"""A manifest beside what PM2 runs: what differs, by service. Values of variables are compared, never told."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from procman.core.imports.draft import service_name
from procman.core.imports.pm2_app import App, as_text, read, size
from procman.core.imports.pm2_running import Listed
from procman.core.imports.program import split
from procman.core.manifest import Instances, Manifest, Service
from procman.core.quantity import format_size
from procman.core.serving import OWN_PORT, WRITTEN
from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs in one service: the manifest's word and PM2's."""

    service: str
    what: str
    manifest: str
    pm2: str


def differences(manifest: Manifest, running: tuple[Listed, ...]) -> tuple[Difference, ...]:
    """Return what differs between `manifest` and what PM2 runs, in the manifest's order."""
    taken: dict[str, Listed] = {}
    for listed in running:
        taken[service_name(as_text(listed.raw["name"]), taken)] = listed
    found: list[Difference] = []
    for service in manifest.services:
        other = taken.pop(service.name, None)
        if other is None:
            found.append(Difference(service.name, "service", "there", "not in PM2's list"))
        else:
            found.extend(_of_service(manifest, service, other))
    found.extend(Difference(name, "service", "not in the manifest", "there") for name in taken)
    return tuple(found)


def _of_service(manifest: Manifest, service: Service, listed: Listed) -> Iterator[Difference]:
    app = read(listed.raw)
    if not _counts(service.instances, listed.online):
        yield Difference(service.name, "instances", _count(service.instances), f"{listed.online} online")
    directory = posixpath.normpath(posixpath.join(manifest.base, service.directory))
    theirs = posixpath.normpath(app.text("cwd") or directory)
    if directory != theirs:
        yield Difference(service.name, "directory", directory, theirs)
    mine, other = _words(service, directory), _their_words(app, theirs)
    if mine != other:
        yield Difference(service.name, "command", " ".join(mine), " ".join(other))
    limit = size(listed.raw["max_memory_restart"]) if "max_memory_restart" in listed.raw else None
    if (service.memory or 0) != (limit or 0) and not (
        service.memory and limit and service.memory - limit in range(1 << 20)
    ):
        yield Difference(service.name, "memory", _size(service.memory), _size(limit))
    yield from _variables(service, app)


def _variables(service: Service, app: App) -> Iterator[Difference]:
    mine, theirs = dict(service.env), {name: as_text(value) for name, value in app.env.get("", {}).items()}
    for name in sorted(mine.keys() | theirs.keys()):
        if name not in theirs:
            yield Difference(service.name, f"env.{name}", "set", "not set")
        elif name not in mine:
            yield Difference(service.name, f"env.{name}", "not set", "set, perhaps by the shell")
        elif mine[name] != theirs[name]:
            yield Difference(service.name, f"env.{name}", "one value", "another value")


def _counts(instances: Instances, online: int) -> bool:
    return online >= instances.low and (instances.high is None or online <= instances.high)


def _count(instances: Instances) -> str:
    if instances.high is None:
        return f"{instances.low} or more"
    return str(instances.low) if instances.low == instances.high else f"{instances.low} to {instances.high}"


def _words(service: Service, directory: str) -> tuple[str, ...]:
    """Return script and arguments of a service, the script as a whole path; its interpreter's options left out."""
    command = service.command
    if service.listen is not None:
        command = tuple(word.replace(WRITTEN, OWN_PORT) for word in command)
    return command[2:3] if service.shell else _from_script(command, directory)


def _their_words(app: App, directory: str) -> tuple[str, ...]:
    script = app.text("script")
    if " " not in script:
        return _from_script((script, *app.words("args")), directory)
    words = split(script)
    return (script,) if words is None else _from_script(words, directory)


def _from_script(words: tuple[str, ...], directory: str) -> tuple[str, ...]:
    for index, word in enumerate(words):
        if re.search(r"\.[A-Za-z]{1,4}$", word) and not word.startswith("-"):
            return (posixpath.normpath(posixpath.join(directory, word)), *words[index + 1 :])
    return (posixpath.basename(words[0]), *words[1:])


def _size(size: int | None) -> str:
    return format_size(size) if size else "no limit"
