"""First step: a manifest's text becomes a Manifest and findings. From a file, or from what was last applied."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from procman.adapters import env_files, yaml_reader
from procman.core import fields, text, variables
from procman.core.diagnostics import Finding
from procman.core.errors import WrongUse
from procman.core.manifest import Manifest
from procman.core.source import MARK, Source
from procman.core.values import dataclass, field, replace

if TYPE_CHECKING:
    from procman.core.applied import Applied

EnvFiles = dict[str, env_files.Read]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A manifest as read. `path` is its real path; `manifest` is None when nothing could be made of the text.

    `used` are the variables that were filled in, `env_files` what each file said; both are kept with what is applied.
    """

    path: str
    source: Source
    manifest: Manifest | None
    findings: tuple[Finding, ...]
    used: Mapping[str, str] = field(default_factory=dict)
    env_files: EnvFiles = field(default_factory=dict)


def manifest_path(option: str | None, environment: Mapping[str, str]) -> str:
    """Return the manifest to read: ``--file``, else PROCMAN_FILE, else ./procman.yaml. WrongUse when there is none."""
    name = option or environment.get("PROCMAN_FILE") or "procman.yaml"
    if os.path.isdir(name):  # noqa: PTH112
        name = os.path.join(name, "procman.yaml")  # noqa: PTH118
    try:
        os.stat(name)  # noqa: PTH116
    except PermissionError as error:
        raise WrongUse(f"cannot read {name}: {error.strerror}", "check the path and its permissions") from error
    except (OSError, ValueError):
        raise WrongUse(
            f"there is no manifest {name}",
            "write one with procman init, or from PM2 with procman import pm2; or name it: --file, PROCMAN_FILE",
        ) from None
    return name


def load_file(path: str, environment: Mapping[str, str], limits: text.Limits = text.USUAL) -> Loaded:
    """Return the manifest at `path`. WrongUse when the file cannot be read; faults in it are findings."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            data = file.read(limits.size + 1)
    except OSError as error:
        raise WrongUse(f"cannot read {path}: {error.strerror}", "check the path and its permissions") from error
    return load_data(data, path, environment, limits)


def load_data(data: bytes, path: str, environment: Mapping[str, str], limits: text.Limits = text.USUAL) -> Loaded:
    """Return the manifest in `data`, read as if it were the file at `path`."""
    real = os.path.realpath(path)

    def read_env_files(names: Iterable[str]) -> EnvFiles:
        return env_files.read(names, os.path.dirname(real))  # noqa: PTH120

    return load_text(data, path, real, read_env_files, environment, limits)


def load_applied(applied: Applied) -> Loaded:
    """Return the manifest that was last applied, with the values that were filled in then."""
    kept: EnvFiles = {name: (dict(pairs), None) for name, pairs in applied.env_files}
    return load_text(applied.text.encode(), applied.path, applied.path, lambda _: kept, dict(applied.variables))


def load_text(
    data: bytes,
    name: str,
    real: str,
    read_env_files: env_files.Reader,
    environment: Mapping[str, str],
    limits: text.Limits = text.USUAL,
) -> Loaded:
    """Return the manifest in `data`, which people know as `name` and which lies at `real`."""
    source = text.decode(data, name, limits)
    if isinstance(source, Finding):
        return Loaded(real, Source(name, data.decode("utf-8", "replace")), None, (source,))
    document, findings = yaml_reader.read(source, name, limits)
    if document is None:
        return Loaded(real, source, None, tuple(findings))
    read = read_env_files(variables.env_file_names(document, environment))
    filled, unfilled, used = variables.fill(document, name, _lookup(environment, read))
    manifest, faults = fields.check(filled, name, os.path.dirname(real))  # noqa: PTH120
    found = (*findings, *unfilled, *faults)
    if manifest is not None and MARK in source.text:
        from procman.adapters import yaml_comments  # noqa: PLC0415 - few manifests suppress anything

        manifest = replace(manifest, comments=yaml_comments.comments(source), whole=not found)
    return Loaded(real, source, manifest, found, used, read)


def _lookup(environment: Mapping[str, str], read: EnvFiles) -> Mapping[str, str]:
    """Return what ``${NAME}`` is filled from: the environment of the one who runs procman, then the env_files."""
    merged: dict[str, str] = {}
    for values, _ in read.values():
        merged = {**values, **merged}
    return {**merged, **environment}
