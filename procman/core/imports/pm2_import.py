"""A whole ecosystem file becomes a manifest and a report in which every field is accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from procman.core.imports import pm2_app, pm2_hidden, pm2_service
from procman.core.imports.pm2_app import MARKED
from procman.core.imports.pm2_fields import TOP
from procman.core.imports.pm2_service import Context, Service
from procman.core.imports.report import Hidden, Imported, Note, Row
from procman.core.values import replace
from procman.core.words import shown

MOST_APPS = 200
_FALSE = (None, False, 0, "")
"""What JavaScript takes for false; an empty list is none of them."""


class NoApps(ValueError):
    """What was read holds no app that PM2 could start."""


def apps_of(config: object) -> tuple[list[Mapping[str, object]], tuple[Note, ...], tuple[Hidden, ...]]:
    """Return the apps in `config` as PM2 finds them, and what stands beside them. NoApps when there are none."""
    beside: Mapping[str, object] = {}
    listed = config
    if isinstance(config, Mapping):
        if MARKED in config:
            raise NoApps(f"it exports a {config[MARKED]}, not an object with `apps`")
        listed = next((config[key] for key in ("apps", "pm2") if config.get(key) not in _FALSE), config)
        beside = config if listed is not config else {}
    given = listed if isinstance(listed, list) else [listed]
    apps: list[Mapping[str, object]] = [app for app in given if isinstance(app, Mapping)]
    if not apps or len(apps) != len(given):
        raise NoApps("it exports no apps: neither an object, a list of them, nor {apps: [...]}")
    if len(apps) > MOST_APPS:
        raise NoApps(f"it exports {len(apps)} apps, more than the {MOST_APPS} that are read")
    without = [index for index, app in enumerate(apps, 1) if not pm2_app.read(app).text("script")]
    if without:
        raise NoApps(f"app {without[0]} has no script, and PM2 refuses the whole file")
    known = {field.name: field for field in TOP}
    notes, hidden = [], []
    for key, value in beside.items():
        if key in known and value:
            notes.append(Note("", key, known[key].outcome, known[key].words))
        elif key not in ("apps", "pm2"):
            hidden.append(Hidden("", f"unknown key {shown(key)} beside apps: PM2 drops it without a word"))
    return apps, tuple(notes), tuple(hidden)


def imported(config: object, source: str, name: str, context: Context, templates: object = None) -> Imported:
    """Return what `config`, read from `source`, becomes in a project called `name`. NoApps when nothing can."""
    apps, notes, beside = apps_of(config)
    by_app = templates if isinstance(templates, Mapping) else {}
    folders = [pm2_service.directory_of(pm2_app.read(raw), context) for raw in apps]
    several = Counter(folders)
    taken: list[str] = []
    services: list[Service] = []
    for index, raw in enumerate(apps):
        mine = replace(context, templates=by_app.get(index, {}), shared=several[folders[index]] > 1)
        service = pm2_service.service(pm2_app.read(raw), mine, taken)
        service = _apart(service, services)
        taken.append(service.draft.name)
        services.append(service)
    made = tuple(services)
    rows = tuple(Row(service.app.name, service.draft, service.verdict) for service in made)
    every = (*notes, *(note for service in made for note in service.notes))
    hidden = (*beside, *pm2_hidden.found(made))
    return Imported.of(
        rows, name, source, every, hidden, "docs/pm2.md shows the way over without a moment of two consumers."
    )


def _apart(service: Service, before: list[Service]) -> Service:
    """Return `service` without an address that one of those before it has: only one may open it."""
    address = service.draft.get("listen")
    owner = next((s.draft.name for s in before if address is not None and s.draft.get("listen") == address), None)
    if owner is None:
        return service
    entries = tuple(entry for entry in service.draft.entries if entry.key != "listen")
    below = (*service.draft.below, f"listen is left out: {owner} has {address}")
    return replace(service, draft=replace(service.draft, entries=entries, below=below))
