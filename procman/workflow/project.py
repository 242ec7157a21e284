"""Which project a command speaks of, and whether it may: by the manifest, or by what was last applied of it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from procman.adapters import files
from procman.adapters import state as states
from procman.adapters.state import State
from procman.core.applied import Applied
from procman.core.errors import Failed, Held, NotRunning, ProcmanError, WrongUse
from procman.core.values import dataclass
from procman.workflow.observe import observe


@dataclass(frozen=True, slots=True)
class Project:
    """A project that was applied before; the record is what commands that look back go by."""

    state: State
    applied: Applied

    @property
    def edited(self) -> bool:
        """Tell whether the manifest differs from what was applied, or is gone."""
        data = files.read_if_there(self.applied.path)
        return data is None or data.decode("utf-8-sig", "replace") != self.applied.text


def find(option: str | None, environment: Mapping[str, str]) -> Project | None:
    """Return the project that was applied from the manifest that is meant, even when the file is broken or gone.

    None when it never was. WrongUse when neither the file nor a record of it is there.
    """
    name = option or environment.get("PROCMAN_FILE") or "procman.yaml"
    found = _by_path(_real(name), environment)
    if found:
        return max(found, key=lambda p: not p.applied.down)
    from procman.workflow.load import load_file, manifest_path  # noqa: PLC0415 - `status` seldom comes here

    path = manifest_path(option, environment)
    manifest = load_file(path, environment).manifest
    if manifest is None:
        raise WrongUse(f"{path} cannot be read as a manifest, and nothing was applied from it", "run procman validate")
    state = states.state_for(manifest.project, environment)
    applied = states.read_record(state)
    if applied is not None and applied.path == _real(path):
        return Project(state, applied)  # recorded by another command since it was looked for
    if applied is not None and not applied.down:
        raise Held(
            f"project '{applied.project}' belongs to {applied.path}", "run the command with --file and that path"
        )
    return None


def unstarted(option: str | None, environment: Mapping[str, str]) -> str:
    """Return in words what there is of a project that `find` does not find: nothing, or what failed starts wrote."""
    from procman.workflow.load import load_file, manifest_path  # noqa: PLC0415 - as above

    manifest = load_file(manifest_path(option, environment), environment).manifest
    folder = states.state_for(manifest.project, environment).folder if manifest is not None else ""
    if folder and os.path.isdir(folder):  # noqa: PTH112
        return f"no start of the project has succeeded; what was tried is told in {folder}"
    return "the project was never started"


def need(option: str | None, environment: Mapping[str, str]) -> Project:
    """Return the project that was applied from the manifest that is meant; NotRunning when it never was, or is down."""
    project = find(option, environment)
    if project is None or project.applied.down:
        raise NotRunning("the project is not running", "start it with procman up")
    return project


def services_of(option: str | None, environment: Mapping[str, str]) -> dict[str, int]:
    """Return the services of the project that is meant with their instances, by its manifest when it never ran.

    Nothing when neither can be read: for a shell that completes, which no message may disturb.
    """
    from procman.workflow.load import load_file, manifest_path  # noqa: PLC0415 - `status` seldom comes here

    try:
        project = find(option, environment)
        if project is not None:
            return {service.name: service.instances for service in project.applied.services}
        manifest = load_file(manifest_path(option, environment), environment).manifest
    except ProcmanError:
        return {}
    return {service.name: 0 for service in manifest.services} if manifest is not None else {}


def check_owner(state: State, path: str, environment: Mapping[str, str]) -> Applied | None:
    """Return the record of the project in `state`; Held when another manifest owns it, or this one runs as another."""
    for other in _by_path(path, environment):
        if other.state != state and not other.applied.down and observe(other.state) is not None:
            raise Held(
                f"{path} runs as project '{other.applied.project}'",
                "a project's name cannot change while it runs: set it back, run procman down, and change it then",
            )
    applied = states.read_record(state)
    if applied is None or applied.down or applied.path == path:
        return applied
    if observe(state) is None and not os.path.exists(applied.path):  # noqa: PTH110
        return applied
    raise Held(
        f"project '{applied.project}' belongs to {applied.path}",
        f"choose another project name, or end that one first: procman down --file {applied.path}",
    )


def _by_path(path: str, environment: Mapping[str, str]) -> list[Project]:
    folder = states.home(environment)
    found = []
    for name in files.names(folder):
        state = State(f"{folder}/{name}")
        applied = _record_of(state)
        if applied is not None and applied.path == path:
            found.append(Project(state, applied))
    return found


def _record_of(state: State) -> Applied | None:
    """Return the record of one of many projects, or None: a damaged one must not stop the commands of the others."""
    try:
        return states.read_record(state) if os.path.isdir(state.folder) else None  # noqa: PTH112
    except Failed:
        return None


def _real(name: str) -> str:
    real = os.path.realpath(name)
    return os.path.join(real, "procman.yaml") if os.path.isdir(real) else real  # noqa: PTH112, PTH118
