"""What `up` would do now, seen and not done: on the way of `plan`, so it imports nothing that acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from procman.adapters.state import State
from procman.core.applied import Applied
from procman.core.diff import Action, Running, diff
from procman.core.observed import Observed
from procman.core.values import dataclass
from procman.workflow.decide import Approved
from procman.workflow.observe import observe
from procman.workflow.project import check_owner
from procman.workflow.running import running
from procman.workflow.target import Target, target_for


@dataclass(frozen=True, slots=True)
class Before:
    """What ran, and what was on record, before a command changed anything."""

    observed: Observed | None
    running: tuple[Running, ...]
    applied: Applied | None


Agreed = Callable[[Target, Before], None]
"""Raises when what would be done is not what was agreed to; called under the project's command lock."""


def preview(approved: Approved, state: State, environment: Mapping[str, str]) -> tuple[Action, ...]:
    """Return what `up` would do now."""
    target, before = outlook(approved, state, environment)
    return diff(target.wanted, before.running)


def outlook(
    approved: Approved, state: State, environment: Mapping[str, str], *, forced: bool = False
) -> tuple[Target, Before]:
    """Return what `up` would want now, and what there is."""
    applied = check_owner(state, approved.loaded.path, environment)
    return target_for(approved, state.folder, forced=forced), seen_before(state, applied)


def seen_before(state: State, applied: Applied | None) -> Before:
    """Return what there is now, with what is on record."""
    observed = observe(state)
    return Before(observed, running(observed, applied), applied)
