"""The files that carry a target: rendered, and written whole."""

from __future__ import annotations

import os
from collections.abc import Iterable

from procman.adapters import files, supervisord, templates
from procman.adapters.state import State
from procman.core import limits
from procman.core.errors import Failed
from procman.core.limits import Limit, Limits
from procman.core.manifest import Kind
from procman.core.sheet import Sheet
from procman.engines import supervisord as engine
from procman.workflow.target import Target


def _place(state: State) -> engine.Place:
    """Return where a rendering for this host lives."""
    return engine.Place(state.folder, supervisord.python(), supervisord.launcher(), root=os.geteuid() == 0)


def whole(target: Target, state: State) -> tuple[Sheet, ...]:
    """Return the files that carry `target`: the supervisord file and one spec per instance."""
    where = _place(state)
    try:
        pages = engine.pages(target.project, target.wanted, where)
        return (*engine.spec_sheets(target.wanted), of_limits(target), *templates.render(pages))
    except ValueError as error:
        raise Failed(
            f"cannot render: {error}", "choose paths without quotes, ';', '#' and control characters"
        ) from None


def of_limits(target: Target) -> Sheet:
    """Return the file that tells the manager of every memory limit; it is read again while services run."""
    services = {
        s.name: Limit(s.memory, s.hard, s.kind == Kind.SINGLETON, s.probed, s.least, s.weight)
        for s in target.applied.services
    }
    return Sheet(limits.FILE, limits.to_text(Limits(services, target.applied.shed)).encode())


def write(state: State, written: Iterable[Sheet]) -> None:
    """Write those of `written` that are not there yet as they should be."""
    for sheet in written:
        path = f"{state.folder}/{sheet.path}"
        if files.read_if_there(path) != sheet.content:  # what is whole already needs no room on a full disk
            files.write_whole(path, sheet.content, sheet.mode)
