"""Instance counts written into a manifest: only the number changes, comments and layout stay."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from procman.adapters import files
from procman.core.errors import Failed, WrongUse
from procman.core.manifest import Instances, Manifest
from procman.core.source import Span
from procman.workflow.load import load_file, load_text

ADVICE = "edit `instances` by hand, then run procman up"


def with_counts(path: str, counts: Mapping[str, int], environment: Mapping[str, str]) -> str:
    """Return the text of the manifest at `path` with these counts. Failed when that cannot be done safely."""
    loaded = load_file(path, environment)
    manifest, text = loaded.manifest, loaded.source.text
    if manifest is None:
        raise Failed(f"{path} has faults", "mend it first: procman validate shows them")
    for name, count in counts.items():
        if manifest.service(name) is None:
            raise WrongUse(f"there is no service '{name}' in {path}", ADVICE)
        text = _with_count(text, manifest, name, count)
        edited = load_text(text.encode(), path, loaded.path, lambda _: loaded.env_files, environment)
        if edited.manifest is None or edited.manifest != _meant(manifest, name, count):
            raise Failed(f"cannot write {name}={count} to {path} without changing something else", ADVICE)
        manifest = edited.manifest
    return text


def write(path: str, text: str) -> None:
    """Write the edited text whole, with the permissions the file has."""
    files.write_whole(path, text.encode(), os.stat(path).st_mode & 0o777)  # noqa: PTH116


def _meant(manifest: Manifest, name: str, count: int) -> Manifest:
    services = tuple(replace(s, instances=Instances(count, count)) if s.name == name else s for s in manifest.services)
    return replace(manifest, services=services)


def _with_count(text: str, manifest: Manifest, name: str, count: int) -> str:
    path = ("services", name, "instances")
    if path in manifest.places.keys:
        return _replaced(text, manifest.places.value(*path), str(count))
    kind = manifest.places.value("services", name, "kind")
    return _after(text, kind, manifest.places.key("services", name, "kind"), count)


def _replaced(text: str, span: Span, words: str) -> str:
    lines = text.splitlines(keepends=True)
    start = _offset(lines, span.line, span.column)
    return text[:start] + words + text[_offset(lines, span.end_line, span.end_column) :]


def _after(text: str, kind: Span, key: Span, count: int) -> str:
    """Return `text` with `instances` put behind `kind`: in braces on the same line, else on a line of its own."""
    lines = text.splitlines(keepends=True)
    before = lines[key.line - 1][: key.column - 1]
    if before.strip():
        return _replaced(
            text, Span(kind.end_line, kind.end_column, kind.end_line, kind.end_column), f", instances: {count}"
        )
    line = lines[kind.line - 1]
    end = "\n" if not line.endswith("\r\n") else "\r\n"
    lines[kind.line - 1] = line if line.endswith("\n") else line + end
    lines.insert(kind.line, f"{before}instances: {count}{end}")
    return "".join(lines)


def _offset(lines: list[str], line: int, column: int) -> int:
    return sum(len(text) for text in lines[: line - 1]) + column - 1
