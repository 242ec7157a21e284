"""What `status` reports: the record of what was asked beside what runs. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from procman.adapters import processes
from procman.core.errors import NotRunning
from procman.core.status import InstanceStatus
from procman.workflow.observe import observe, status_rows
from procman.workflow.project import find


@dataclass(frozen=True, slots=True)
class Report:
    """One look at a project. Sizes in bytes; `manager_pid` is None when the manager is not running."""

    project: str
    path: str
    edited: bool
    profile: str | None
    scaled: tuple[tuple[str, int], ...]
    required: int
    usable: int
    manager_pid: int | None
    manager_state: str
    manager_memory: int
    rows: tuple[InstanceStatus, ...]


def report(file: str | None, environment: Mapping[str, str]) -> Report:
    """Return what runs of the project against what should; NotRunning when it was never started."""
    project = find(file, environment)
    if project is None:
        raise NotRunning("the project is not running", "start it with procman up")
    applied = project.applied
    observed = None if applied.down else observe(project.state)
    memory = processes.memory((observed.manager_pid,)) if observed else 0
    return Report(
        project=applied.project,
        path=applied.path,
        edited=project.edited,
        profile=applied.profile,
        scaled=applied.scaled,
        required=applied.required,
        usable=applied.usable,
        manager_pid=observed.manager_pid if observed else None,
        manager_state=observed.state.lower() if observed else "not running",
        manager_memory=memory,
        rows=status_rows(observed, applied) if observed else (),
    )
