"""What a command on a running project is about to do to some of its instances. Decides and looks; changes nothing."""

from __future__ import annotations

from procman.adapters import state as states
from procman.core.applied import Applied
from procman.core.diff import Action, Do, diff
from procman.core.errors import NotRunning
from procman.core.values import dataclass, replace
from procman.workflow.decide import Approved
from procman.workflow.preview import Before, seen_before
from procman.workflow.project import Project
from procman.workflow.target import Target, narrowed, target_for, untouched

SCALE, START, RESTART, RELOAD = "scale", "start", "restart", "reload"


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of some instances, seen against what there is."""

    approved: Approved
    target: Target
    before: Before
    actions: tuple[Action, ...]


def intended(project: Project, approved: Approved, applied: Applied, units: set[str], command: str) -> Change:
    """Return what `command` would do to `units`, everything else left exactly as it runs. NotRunning: no manager."""
    before = seen_before(project.state, states.read_record(project.state))
    if before.observed is None:
        raise NotRunning("the manager is not running", "start it with procman up")
    existing = {r.unit for r in before.running}
    target = target_for(approved, project.state.folder, applied.stopped, forced=applied.forced)
    # Only `up` shows what is found.
    target = replace(target, applied=replace(target.applied, shown=applied.shown))
    target = untouched(target, before.running, units - existing if command == SCALE else units, units)
    actions = narrowed(diff(target.wanted, before.running), units)
    if command == START:
        pausing = {r.unit for r in before.running if r.state == "backoff"} & units
        actions = tuple(_hurried(a) if a.unit in pausing else a for a in actions)
    if command in (RESTART, RELOAD):
        actions = tuple(_replaced(a, command) if a.unit in units else a for a in actions)
    return Change(approved, target, before, actions)


def units_of(project: Project, approved: Approved, services: set[str]) -> set[str]:
    """Return every instance of `services`: those that are wanted, and those that there are."""
    before = seen_before(project.state, project.applied)
    wanted = {s.unit for s in approved.specs(project.state.folder) if s.service in services}
    return wanted | {r.unit for r in before.running if r.service in services}


def _hurried(action: Action) -> Action:
    if action.do is not Do.KEEP:
        return action
    return replace(action, do=Do.START, reason="waited for its next start")


def _replaced(action: Action, command: str) -> Action:
    if action.do is not Do.KEEP:
        return action
    return replace(action, do=Do.REPLACE, reason=f"{command} was asked for")
