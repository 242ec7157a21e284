"""systemd: the unit that keeps a project's manager alive across boots. Renders; writes nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from procman.core.dependencies import waves
from procman.core.sheet import Page
from procman.core.spec import Spec

TEMPLATE = "systemd/procman.service.j2"
STOP_MARGIN = 15
"""Seconds over the longest stop: supervisord ends all services at once, then itself."""


@dataclass(frozen=True, slots=True)
class Boot:
    """How procman is started at boot: absolute paths, and the account that owns the state.

    `path`: the PATH that programs were found by; None where systemd's own finds them.
    """

    procman: str
    manifest: str
    home: str
    user: str | None
    path: str | None = None


def pages(project: str, specs: tuple[Spec, ...], boot: Boot) -> tuple[Page, ...]:
    """Return the unit file of a project; its stop time is above what its services may take, together along a chain."""
    needs = {spec.service: [name for name, _ in spec.depends_on] for spec in specs}
    longest = sum(
        max(math.ceil(spec.stop.timeout) for spec in specs if spec.service in wave) for wave in waves(needs, needs)
    )
    values: dict[str, object] = {
        "project": project,
        "procman": program(boot.procman),
        "manifest": quoted(boot.manifest, argument=True),
        "home": quoted(f"PROCMAN_HOME={boot.home}"),
        "path": quoted(f"PATH={boot.path}") if boot.path is not None else None,
        "user": boot.user,
        "stop": longest + STOP_MARGIN,
    }
    return (Page(f"procman-{project}.service", TEMPLATE, values, mode=0o644),)


def program(path: str) -> str:
    """Return `path` as the program of a command; ValueError for quotes and backslashes, which systemd refuses there."""
    if any(c in path for c in "\"'\\"):
        raise ValueError(f"{path!r} cannot be a program in a unit file")
    return quoted(path)


def quoted(text: str, *, argument: bool = False) -> str:
    """Return `text` as one word of a unit file (systemd.syntax(7)); ValueError for control characters.

    Only in an `argument` of a command is ``$`` special, neither in its program nor in ``Environment=``
    (systemd.service(5), systemd.exec(5)).
    """
    if not text.isprintable():
        raise ValueError(f"{text!r} cannot stand in a unit file")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped.replace("$", "$$") if argument else escaped}"'
