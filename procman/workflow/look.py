"""What `status` reports: the record of what was asked beside what runs. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from procman.adapters import processes, survivors
from procman.adapters.state import read_owed
from procman.core.errors import WrongUse
from procman.core.status import InstanceStatus
from procman.core.strays import Stray
from procman.workflow.guards import Verified, guards, seen_outside, verified
from procman.workflow.observe import observe, status_rows
from procman.workflow.project import Project, find

if TYPE_CHECKING:
    from procman.core.deaths import Death


@dataclass(frozen=True, slots=True)
class Report:
    """One look at a project. Sizes in bytes; `manager_pid` is None when the manager is not running.

    `guards`: what holds each singleton, in one word. `adopts`: orphans of the services fall to the manager.
    `deaths`: the last one of each instance that was started again or does not run.
    `died`: nobody ended the project, and its manager is gone; `left`: pid and words of what it left behind.
    `sessions_left`: members that are gone, and whose session at the broker still takes messages.
    `elsewhere`: words on managers that other users run for a project of this name.
    `cgroup`: the version of the control groups that hold hard limits; None, and `cgroup_reason`, where there are none.
    `placement`, `placement_reason`: as of `core.observed`.
    """

    project: str
    path: str
    edited: bool
    unfinished: bool
    profile: str | None
    scaled: tuple[tuple[str, int], ...]
    required: int
    usable: int
    manager_pid: int | None
    manager_state: str
    manager_memory: int
    rows: tuple[InstanceStatus, ...]
    guards: tuple[tuple[str, str], ...] = ()
    strays: tuple[Stray, ...] = ()
    adopts: bool = False
    deaths: tuple[Death, ...] = ()
    seen_at: float = 0.0
    verified: tuple[Verified, ...] = ()
    cgroup: int | None = None
    cgroup_reason: str | None = None
    placement: str | None = None
    placement_reason: str | None = None
    died: bool = False
    elsewhere: tuple[str, ...] = ()
    left: tuple[tuple[int, str], ...] = ()
    sessions_left: tuple[str, ...] = ()


def report(file: str | None, environment: Mapping[str, str]) -> Report:
    """Return what runs of the project against what should; nothing of either when it was never started."""
    project = find(file, environment)
    if project is None:
        return _never_started(file, environment)
    applied = project.applied
    observed = None if applied.down else observe(project.state)
    died = observed is None and not applied.down
    memory = processes.memory((observed.manager_pid,)) if observed else 0
    shown = status_rows(observed, applied) if observed else ()
    return Report(
        project=applied.project,
        path=applied.path,
        edited=project.edited,
        unfinished=applied.unfinished,
        profile=applied.profile,
        scaled=applied.scaled,
        required=applied.required,
        usable=applied.usable,
        manager_pid=observed.manager_pid if observed else None,
        manager_state=observed.state.lower() if observed else "not running",
        manager_memory=memory,
        rows=shown,
        deaths=_deaths(project, shown),
        seen_at=observed.seen_at if observed else 0.0,
        guards=guards(observed, applied) if observed else (),
        strays=seen_outside(observed, applied) if observed else (),
        adopts=observed is not None and observed.adopts,
        verified=verified(project.state, applied),
        cgroup=observed.cgroup if observed else None,
        cgroup_reason=observed.cgroup_reason if observed else None,
        placement=observed.placement if observed else None,
        placement_reason=observed.placement_reason if observed else None,
        died=died,
        elsewhere=() if observed or died else _elsewhere(applied.project),
        left=survivors.left(project.state.folder) if died else (),
        sessions_left=tuple(one.unit for one in read_owed(project.state)),
    )


def narrowed(found: Report, names: tuple[str, ...]) -> Report:
    """Return what `found` says of the services and instances `names`, and nothing that is of the whole project.

    WrongUse when it knows one of them not.
    """
    units = [*(row.unit for row in found.rows), *found.sessions_left]
    known = dict.fromkeys([*(row.service for row in found.rows), *units])
    for name in names:
        if name not in known:
            raise WrongUse(f"there is no service or instance '{name}'", f"known: {', '.join(known)}")
    rows = tuple(row for row in found.rows if {row.unit, row.service} & set(names))
    services = {row.service for row in rows}
    return replace(
        found,
        unfinished=False,
        rows=rows,
        required=sum(row.limit or 0 for row in rows),
        deaths=tuple(death for death in found.deaths if any(death.unit == row.unit for row in rows)),
        strays=tuple(stray for stray in found.strays if stray.service in services),
        verified=tuple(each for each in found.verified if each.proof.service in services),
        sessions_left=tuple(unit for unit in found.sessions_left if {unit, unit.rpartition("-")[0]} & set(names)),
    )


def _deaths(project: Project, shown: tuple[InstanceStatus, ...]) -> tuple[Death, ...]:
    """Return the last death of what has died; the history is read only when something has."""
    ill = [row.unit for row in shown if row.restarts or row.capped.replaced or not row.as_wanted]
    if not ill:
        return ()
    from procman.workflow.deaths import last  # noqa: PLC0415 - mostly nothing has died

    return tuple(last(project.state, ill).values())


def _elsewhere(project: str) -> tuple[str, ...]:
    """Return who else runs a project of this name: `sudo procman status` looks into the state of root alone."""
    return tuple(
        f"a project of this name runs as user id {user} (pid {pid}), its state is in {folder}: ask as that user"
        for pid, user, folder in processes.managers_of_others(project)
    )


def _never_started(file: str | None, environment: Mapping[str, str]) -> Report:
    from procman.workflow.load import load_file, manifest_path  # noqa: PLC0415 - `status` seldom comes here

    loaded = load_file(manifest_path(file, environment), environment)
    return Report(
        project=loaded.manifest.project if loaded.manifest else "?",
        path=loaded.path,
        edited=False,
        unfinished=False,
        profile=None,
        scaled=(),
        required=0,
        usable=0,
        manager_pid=None,
        manager_state="not running",
        manager_memory=0,
        rows=(),
        elsewhere=_elsewhere(loaded.manifest.project) if loaded.manifest else (),
    )
