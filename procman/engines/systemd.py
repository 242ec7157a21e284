"""systemd: the unit that keeps a project's manager alive across boots. Renders; writes nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from procman.core.sheet import Page
from procman.core.spec import Spec

TEMPLATE = "systemd/procman.service.j2"
STOP_MARGIN = 15
"""Seconds over the longest stop: supervisord ends all services at once, then itself."""


@dataclass(frozen=True, slots=True)
class Boot:
    """How procman is started at boot: absolute paths, and the account that owns the state."""

    procman: str
    manifest: str
    home: str
    user: str | None


def pages(project: str, specs: tuple[Spec, ...], boot: Boot) -> tuple[Page, ...]:
    """Return the unit file of a project; its stop time is above the longest of its services."""
    longest = max((math.ceil(spec.stop.timeout) for spec in specs), default=0)
    values: dict[str, object] = {
        "project": project,
        "procman": quoted(boot.procman),
        "manifest": quoted(boot.manifest),
        "home": quoted(f"PROCMAN_HOME={boot.home}"),
        "user": boot.user,
        "stop": longest + STOP_MARGIN,
    }
    return (Page(f"procman-{project}.service", TEMPLATE, values, mode=0o644),)


def quoted(text: str) -> str:
    """Return `text` as one word of a unit file (systemd.syntax(7)); ValueError for control characters."""
    if not text.isprintable():
        raise ValueError(f"{text!r} cannot stand in a unit file")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
