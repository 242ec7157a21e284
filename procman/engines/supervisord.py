"""supervisord: one program per instance, which only names its spec file. Renders; writes nothing.

An ini value cannot hold every text (``%``, `` ;``, quotes, line ends), so argv and environment lie in the spec file and
the ini holds nothing but paths that `ini_value` has checked. One program per instance, not ``numprocs``: changing a
count would restart every sibling (measured on 4.3.0).
"""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass

from procman.core import restart
from procman.core.diff import Wanted
from procman.core.lifecycle import Policy
from procman.core.sheet import Page, Sheet
from procman.core.spec import Spec, encode

TEMPLATE = "supervisord/supervisord.conf.j2"
NEVER_BY_ITSELF = 1_000_000
"""startretries: giving up is the plugin's decision (`core.restart`)."""


AGAIN = {Policy.ALWAYS: "true", Policy.ON_FAILURE: "unexpected", Policy.NEVER: "false"}
"""What supervisord does without the plugin."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rendering will live: absolute paths of the state, the interpreter and the launcher."""

    state: str
    python: str
    launcher: str
    root: bool = False


def spec_path(spec: Spec, state: str) -> str:
    """Return where the spec file of `spec` lies; its name changes with its content."""
    return f"{state}/specs/{spec.unit}.{spec.digest}.spec"


def spec_sheets(wanted: tuple[Wanted, ...]) -> tuple[Sheet, ...]:
    """Return the spec file of each instance, 0600: it holds the service's environment."""
    return tuple(Sheet(f"specs/{w.spec.unit}.{w.spec.digest}.spec", encode(w.spec)) for w in wanted)


def pages(project: str, wanted: tuple[Wanted, ...], place: Place) -> tuple[Page, ...]:
    """Return the supervisord file of a project; ValueError when a path cannot stand in an ini."""
    values: dict[str, object] = {
        "project": project,
        "state": ini_value(place.state),
        "root": place.root,
        "programs": [_program(w, place) for w in wanted],
    }
    return (Page("supervisord.conf", TEMPLATE, values),)


def ini_value(text: str) -> str:
    """Return `text` as supervisord's ini reads it back; ValueError when the format cannot hold it."""
    if not text.isprintable() or text != text.strip() or any(c in text for c in ";#\"'\\"):
        raise ValueError(f"{text!r} cannot stand in a supervisord file")
    return text.replace("%", "%%")


def _program(want: Wanted, place: Place) -> dict[str, object]:
    spec = want.spec
    argv = (place.python, "-I", "-S", place.launcher, spec_path(spec, place.state))
    for part in argv:
        ini_value(part)
    return {
        "unit": spec.unit,
        "command": shlex.join(argv).replace("%", "%%"),
        "autostart": want.run,
        "startsecs": max(1, math.ceil(spec.start_time)),
        "startretries": NEVER_BY_ITSELF,
        "stopsignal": spec.stop.signal,
        "stopwaitsecs": max(1, math.ceil(spec.stop.timeout)),
        "restart": restart.to_text(spec.restart),
        "autorestart": AGAIN[spec.restart.policy],
        "exitcodes": ",".join(map(str, spec.restart.codes)),
        "depends": " ".join(f"{service}={until.value}" for service, until in spec.depends_on),
        # supervisord expands this one value twice (options.py, processes_from_section)
        "log": f"{ini_value(place.state)}/logs/{spec.unit}.log".replace("%", "%%"),
        "log_size": spec.logs.size,
        "log_keep": spec.logs.keep,
    }
