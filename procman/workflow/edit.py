"""Values written into a manifest: only the value changes, comments and layout stay, or nothing is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping

from procman.adapters import files
from procman.core.diagnostics import errors
from procman.core.errors import Failed, WrongUse
from procman.core.manifest import Instances, Manifest, Service
from procman.core.quantity import short_size
from procman.core.source import Path, Span
from procman.core.values import dataclass, replace
from procman.workflow.load import load_file, load_text


@dataclass(frozen=True, slots=True)
class _Edit:
    """One value: the key at `path` becomes `words`; `meant` is what that makes of the manifest."""

    path: Path
    words: str
    meant: Callable[[Manifest], Manifest]

    @property
    def advice(self) -> str:
        """What to do where procman cannot."""
        return f"edit `{self.path[-1]}` by hand, then run procman up"


def with_counts(path: str, counts: Mapping[str, int], environment: Mapping[str, str]) -> str:
    """Return the text of the manifest at `path` with these counts. Failed when that cannot be done safely."""
    edits = [
        _of_service(name, "instances", str(count), instances=Instances(count, count)) for name, count in counts.items()
    ]
    return _edited(path, lambda _: edits, environment)


def with_limits(path: str, profile: str | None, limits: Mapping[str, int], environment: Mapping[str, str]) -> str:
    """Return the text of the manifest at `path` with these limits in bytes, in `profile` where that has them.

    Failed when that cannot be done safely.
    """

    def edits(manifest: Manifest) -> list[_Edit]:
        return [_limit(manifest, profile, name, size) for name, size in limits.items()]

    return _edited(path, edits, environment)


def write(path: str, text: str) -> None:
    """Write the edited text whole, with the permissions the file has."""
    files.write_whole(path, text.encode(), os.stat(path).st_mode & 0o777)  # noqa: PTH116


def _edited(path: str, edits: Callable[[Manifest], list[_Edit]], environment: Mapping[str, str]) -> str:
    loaded = load_file(path, environment)
    manifest, text = loaded.manifest, loaded.source.text
    if manifest is None:
        raise Failed(f"{path} has faults", "mend it first: procman validate shows them")
    for edit in edits(manifest):
        if manifest.service(edit.path[-2]) is None:
            raise WrongUse(f"there is no service '{edit.path[-2]}' in {path}", edit.advice)
        meant = edit.meant(manifest)
        for attempt in _attempts(text, manifest, edit):
            found = load_text(attempt.encode(), path, loaded.path, lambda _: loaded.env_files, environment)
            if found.manifest == meant and len(errors(found.findings)) <= len(errors(loaded.findings)):
                text, manifest = attempt, found.manifest
                break
        else:
            what = f"{edit.path[-2]}={edit.words}"
            raise Failed(f"cannot write {what} to {path} without changing something else", edit.advice)
    return text


def _of_service(name: str, key: str, words: str, **fields: object) -> _Edit:
    def meant(manifest: Manifest) -> Manifest:
        return replace(manifest, services=tuple(_changed(s, name, fields) for s in manifest.services))

    return _Edit(("services", name, key), words, meant)


def _changed(service: Service, name: str, fields: Mapping[str, object]) -> Service:
    return replace(service, **fields) if service.name == name else service  # type: ignore[arg-type]


def _limit(manifest: Manifest, profile: str | None, name: str, size: int) -> _Edit:
    """Return the edit of a limit where it is written: in the profile when that has one, else at the service."""
    path = ("profiles", profile or "", "services", name, "memory")
    if path not in manifest.places.keys:
        return _of_service(name, "memory", short_size(size), memory=size)

    def meant(manifest: Manifest) -> Manifest:
        profiles = tuple(
            replace(p, services=tuple((n, replace(o, memory=size) if n == name else o) for n, o in p.services))
            if p.name == profile
            else p
            for p in manifest.profiles
        )
        return replace(manifest, profiles=profiles)

    return _Edit(path, short_size(size), meant)


def _attempts(text: str, manifest: Manifest, edit: _Edit) -> Iterator[str]:
    """Yield texts that may say what is meant: the value replaced, and the key put behind ``kind``.

    The second is for a service that has its value from `defaults`. A value with a variable in it is left alone: whoever
    sets that would be surprised.
    """
    if edit.path in manifest.places.keys:
        inner = (*edit.path, "limit")
        span = manifest.places.value(*(inner if inner in manifest.places.keys else edit.path))
        if "${" not in _at(text, span):
            yield _replaced(text, span, edit.words)
    if edit.path[0] == "services":
        kind = ("services", edit.path[1], "kind")
        entry = f"{edit.path[-1]}: {edit.words}"
        yield _after(text, manifest.places.value(*kind), manifest.places.key(*kind), entry)


def _at(text: str, span: Span) -> str:
    lines = text.splitlines(keepends=True)
    return text[_offset(lines, span.line, span.column) : _offset(lines, span.end_line, span.end_column)]


def _replaced(text: str, span: Span, words: str) -> str:
    lines = text.splitlines(keepends=True)
    start = _offset(lines, span.line, span.column)
    return text[:start] + words + text[_offset(lines, span.end_line, span.end_column) :]


def _after(text: str, kind: Span, key: Span, entry: str) -> str:
    """Return `text` with `entry` put behind `kind`: in braces on the same line, else on a line of its own."""
    lines = text.splitlines(keepends=True)
    before = lines[key.line - 1][: key.column - 1]
    if before.strip():
        return _replaced(text, Span(kind.end_line, kind.end_column, kind.end_line, kind.end_column), f", {entry}")
    line = lines[kind.line - 1]
    end = "\n" if not line.endswith("\r\n") else "\r\n"
    lines[kind.line - 1] = line if line.endswith("\n") else line + end
    lines.insert(kind.line, f"{before}{entry}{end}")
    return "".join(lines)


def _offset(lines: list[str], line: int, column: int) -> int:
    return sum(len(text) for text in lines[: line - 1]) + column - 1
