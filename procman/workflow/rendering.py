"""Writing a rendering to a folder of the user's choice, as a whole project that runs there. Starts nothing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping

from procman.adapters import files, templates
from procman.adapters import state as states
from procman.core.errors import Failed, WrongUse
from procman.core.facts import SYSTEM_PATH
from procman.core.sheet import Sheet
from procman.engines import nginx, systemd
from procman.workflow import sheets
from procman.workflow.decide import Approved
from procman.workflow.target import target_for


def render_proxy(approved: Approved) -> Sheet:
    """Return the file of nginx in front of the services that listen; Failed when none does."""
    manifest = approved.manifest
    try:
        (sheet,) = templates.render(nginx.pages(manifest.project, manifest.services, manifest.base))
    except ValueError as error:
        raise Failed(str(error), "give a service a `listen` that nginx can reach") from None
    return sheet


def render(
    approved: Approved, folder: str, environment: Mapping[str, str], more: tuple[Sheet, ...] = ()
) -> tuple[str, ...]:
    """Write the files of an approved decision, and `more`, to `folder`; return their paths. Each is written whole."""
    where = os.path.abspath(folder)  # noqa: PTH100
    if os.path.exists(where) and not os.path.isdir(where):  # noqa: PTH110, PTH112
        raise WrongUse(f"{folder} is not a folder", "name a folder with --to")
    state = states.checked(where)
    if not os.path.isdir(where):  # noqa: PTH112
        files.make_folder(where)
    files.make_folder(state.specs)
    files.make_folder(state.logs)
    target = target_for(approved, state.folder)
    written = (*sheets.whole(target, state), *_unit(approved, state.folder, environment), *more)
    for sheet in written:
        files.write_whole(f"{where}/{sheet.path}", sheet.content, sheet.mode)
    return tuple(os.path.join(folder, sheet.path) for sheet in written)  # noqa: PTH118


def _unit(approved: Approved, state: str, environment: Mapping[str, str]) -> tuple[Sheet, ...]:
    boot = systemd.Boot(
        procman=_procman(),
        manifest=approved.loaded.path,
        home=states.home(environment),
        user=None if os.geteuid() == 0 else str(os.geteuid()),
        path=_path(approved, environment),
    )
    try:
        return templates.render(systemd.pages(approved.manifest.project, approved.specs(state), boot))
    except ValueError as error:
        help_text = "choose paths without quotes, backslashes and control characters"
        raise Failed(f"cannot render the unit file: {error}", help_text) from None


def _path(approved: Approved, environment: Mapping[str, str]) -> str | None:
    """Return a PATH with the folders that only this shell's has and programs were found in; None where there are none.

    At boot the unit looks them up again, as for a node of nvm.
    """
    found = set()
    for service in approved.manifest.services:
        known = approved.facts.services.get(service.name)
        if known is not None and known.executable and "/" not in service.command[0] and "PATH" not in dict(service.env):
            found.add(os.path.dirname(known.executable))  # noqa: PTH120
    only_here = found - set(SYSTEM_PATH.split(":"))
    if not only_here:
        return None
    order = environment.get("PATH", "").split(":")
    return ":".join((*sorted(only_here, key=lambda f: order.index(f) if f in order else 0), SYSTEM_PATH))


def _procman() -> str:
    beside = os.path.join(os.path.dirname(sys.executable), "procman")  # noqa: PTH118, PTH120
    return beside if os.path.exists(beside) else shutil.which("procman") or beside  # noqa: PTH110
