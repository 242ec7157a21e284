"""Which instances are replaced at once when the old process must go first, and doing that.

Services do not wait for each other unless one depends on the other. Of a service with several instances one goes first:
so that a version that does not run takes down one instance and not all, and some run all the time.
"""

from __future__ import annotations

from procman.adapters import supervisor_rpc
from procman.adapters.state import State
from procman.core.diff import Action, Do
from procman.core.errors import Failed
from procman.core.observed import Observed
from procman.workflow.ending import wait_renewed
from procman.workflow.preflight import check_room
from procman.workflow.ready import Progress, wait_ready
from procman.workflow.roll import insist
from procman.workflow.target import Target

MANY = 10
"""More than so many are told in one line."""


def at_once(actions: list[Action], target: Target, observed: Observed, tried: set[str]) -> tuple[Action, ...]:
    """Return those of `actions` that are replaced together with the first; only it when it listens on a held socket.

    Of a service that is not in `tried` it is one instance: none of it has become ready as it is to be.
    """
    found: list[Action] = []
    seen: set[str] = set()
    for action in actions:
        want, unit = target.want(action.unit), observed.unit(action.unit)
        apart = action.do is not Do.REPLACE or want is None or unit is None or unit.slot_inode is not None
        apart = apart or (want is not None and want.spec.binds)  # it serves connections, and holds no socket of ours
        if apart or want is None or any(name in seen - {action.service} for name, _ in want.spec.depends_on):
            break
        if action.service in tried or action.service not in seen:
            found.append(action)
        seen.add(action.service)
    return tuple(found or actions[:1])


def fitting(actions: tuple[Action, ...], target: Target, observed: Observed, root: str = "") -> tuple[Action, ...]:
    """Return `actions` when this machine has room for all of them, else the first; Failed when not even for that."""
    if len(actions) > 1:
        try:
            check_room(target, actions, observed, root)
        except Failed:
            actions = actions[:1]
        else:
            return actions
    check_room(target, actions, observed, root)
    return actions


def replace_at_once(state: State, target: Target, actions: tuple[Action, ...], progress: Progress) -> None:
    """Stop the instances of `actions`, start each anew when it is down, and wait until all are ready."""
    units = [a.unit for a in actions]
    tell = progress
    if len(units) > MANY:
        progress("", f"replacing {len(units)} instances, {units[0]} to {units[-1]}")
        tell = _brief(progress)
    else:
        for unit in units:
            progress(unit, "replacing")
    insist(supervisor_rpc.Client(state.socket).renew, units, actions[0].reason)
    wait_renewed(state, set(units), tell)
    wait_ready(state, target.awaited(set(units)), tell)
    if len(units) > MANY:
        progress("", f"{len(units)} instances are ready")


def _brief(progress: Progress) -> Progress:
    """Return `progress` without the lines that come once for each instance."""

    def tell(unit: str, words: str) -> None:
        if not words.startswith("ready after"):
            progress(unit, words)

    return tell
