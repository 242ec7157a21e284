"""Ecosystem files as plain values: JSON, YAML and literal JavaScript are read here, other JavaScript by node."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from procman.adapters import yaml_reader
from procman.core import document as doc
from procman.core import text
from procman.core.diagnostics import Finding
from procman.core.errors import Failed, WrongUse
from procman.core.imports import js_literal, templates
from procman.core.imports.js_tokens import NotLiteral
from procman.core.source import Source

MOST = 64 << 20
"""Bytes of a file: a saved list of PM2's holds the shell's environment once per process."""
_CODE = (".js", ".cjs", ".mjs", ".ts")
_YAML = (".yaml", ".yml")

_NONE = object()

Places = Sequence[tuple[templates.Path, object, object]]


def data_of(name: str, instead: str = "name an ecosystem file, or --running for what PM2 runs") -> bytes:
    """Return the bytes of the file `name`; WrongUse when it cannot be read. `instead`: what else to do."""
    try:
        if not Path(name).is_file():
            raise WrongUse(f"there is no file {name}", instead)
        with open(name, "rb") as file:  # noqa: PTH123
            data = file.read(MOST + 1)
    except OSError as error:
        raise WrongUse(f"cannot read {name}: {error.strerror}", "check the path and its permissions") from error
    if len(data) > MOST:
        raise WrongUse(f"{name} is larger than {MOST >> 20} MiB", "is this an ecosystem file?")
    return data


def is_code(name: str) -> bool:
    """Tell whether `name` is a file that node would run."""
    return name.endswith(_CODE)


def is_saved(name: str) -> bool:
    """Tell whether `name` is PM2's saved list."""
    return ".pm2" in Path(name).name and not name.endswith((*_CODE, *_YAML, ".json"))


def plain(data: bytes, name: str) -> object:
    """Return the values of a JSON or YAML file. JSON may have comments, since PM2 reads it as JavaScript."""
    source = _decoded(data, name)
    if name.endswith(_YAML):
        root, findings = yaml_reader.read(source, name)
        if root is None or findings:
            raise WrongUse(
                f"{name}:{findings[0].span.line}:{findings[0].span.column}: {findings[0].message}", findings[0].help
            )
        return _value(root)
    try:
        return js_literal.expression(source.text)
    except NotLiteral as error:
        raise _place(WrongUse, source, error, "mend the file: PM2 refuses it, too") from error


def literal(data: bytes, name: str, folder: str) -> object:
    """Return what a JavaScript file exports, read without node. Failed, with the place, for what would have to run."""
    source = _decoded(data, name)
    try:
        return js_literal.exported(source.text, os.path.realpath(name), folder)
    except NotLiteral as error:
        advice = "there is no node on the PATH to run it: install node, or write the values out"
        raise _place(Failed, source, error, advice) from error


def by_app(places: Places, marks: Mapping[str, str], kept: frozenset[str]) -> dict[int, dict[tuple[str, ...], str]]:
    """Return, for each app by its number, the variables of its env that the manifest can write as ``${NAME}``."""
    found: dict[int, dict[tuple[str, ...], str]] = {}
    for at, before, after in places:
        index = next((i for i, part in enumerate(at) if isinstance(part, int)), None)
        number, rest = (0, at) if index is None else (at[index], at[index + 1 :])
        written = templates.template(before, after, marks, kept)
        if written is not None and len(rest) == 2 and str(rest[0]).startswith("env"):  # noqa: PLR2004 - env, NAME
            found.setdefault(int(number), {})[tuple(map(str, rest))] = written
    return found


def environment_words(
    names: Iterable[str], places: Places, written: Mapping[int, Mapping[tuple[str, ...], str]], marks: Mapping[str, str]
) -> list[str]:
    """Return what is to be said of each variable that the file reads: what came of it, with it unset."""
    said = []
    for name in names:
        texts = {text for app in written.values() for text in app.values() if f"${{{name}" in text}
        at = [".".join(map(str, path)) for path, _, after in places if marks.get(name, "\0") in str(after)]
        if texts:
            said.append(f"it reads {name}: the manifest takes it from the environment, as {', '.join(sorted(texts))}")
        elif at:
            said.append(f"it reads {name}, which is unset here: {', '.join(at[:3])} depend on it")
        else:
            said.append(f"it reads {name}, which is unset here: what depends on it is as without it")
    return said


def without(value: object, shell: Mapping[str, str]) -> object:
    """Return `value` without the variables of `shell` in any ``env``: a file that copies them is given nothing else."""
    if isinstance(value, list):
        return [without(item, shell) for item in value]
    if not isinstance(value, dict):
        return value
    copied = {key: without(item, shell) for key, item in value.items()}
    env = copied.get("env")
    if isinstance(env, dict):
        copied["env"] = {name: text for name, text in env.items() if shell.get(name, _NONE) != text}
    return copied


def _decoded(data: bytes, name: str) -> Source:
    source = text.decode(data, name)
    if isinstance(source, Finding):
        raise WrongUse(f"{name}:{source.span.line}:{source.span.column}: {source.message}", source.help)
    return source


def _place(kind: type[Failed | WrongUse], source: Source, error: NotLiteral, advice: str) -> Failed | WrongUse:
    at = text.place(source.text, error.offset)
    return kind(f"{source.name}:{at.line}:{at.column}: {error.message}", advice)


def _value(node: doc.Node) -> object:
    """Return a YAML node as plain values; ``<<`` lays mappings under, as PM2's reader does."""
    if isinstance(node, doc.Sequence):
        return [_value(item) for item in node.items]
    if isinstance(node, doc.Scalar):
        return doc.core_value(node)
    found: dict[str, object] = {}
    for entry in node.entries:
        value = _value(entry.value)
        if entry.key == "<<":
            for under in value if isinstance(value, list) else [value]:
                found = {**(under if isinstance(under, dict) else {}), **found}
        else:
            found[entry.key] = value
    return found
