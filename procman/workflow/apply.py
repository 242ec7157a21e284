"""Last step: the actions are carried out, through supervisord's own calls, and undone when one fails.

The record is written before the first action: a procman that is killed half way leaves a project whose `status` says
what is missing and whose next `up` finishes it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from procman.adapters import files, supervisor_rpc, supervisord, survivors
from procman.adapters import state as states
from procman.adapters.state import State
from procman.core.diff import Action, Do, changes, diff
from procman.core.errors import ProcmanError
from procman.core.observed import Observed, ObservedUnit
from procman.core.spec import Spec
from procman.workflow import leaving, sheets
from procman.workflow.ending import end_manager, stop_units
from procman.workflow.in_place import at_once, fitting, replace_at_once
from procman.workflow.observe import observe
from procman.workflow.preview import Before
from procman.workflow.ready import Progress, wait_ready
from procman.workflow.roll import ROLLING, Pace, roll, rollable, room, settle, under_way
from procman.workflow.running import read_spec, running
from procman.workflow.target import Target, as_it_was

_BACK = "bringing back what ran before"
_FINISH_WITHIN = 60.0
"""Seconds beyond the patience with a replacement: its old process may take its whole stop time."""


def apply(
    state: State,
    target: Target,
    actions: tuple[Action, ...],
    before: Before,
    progress: Progress,
    *,
    foreground: bool = False,
    pace: Pace = ROLLING,
) -> None:
    """Carry out `actions` so that `target` runs, and wait until it is ready.

    When one fails, or the operator interrupts, what ran before is brought back and the error is raised again.
    """
    try:
        leaving.owe(state, before.applied, target.applied)
        leaving.forget_marks(want.spec for want in target.wanted)
        _carry_out(state, target, actions, before.observed, progress, foreground=foreground, pace=pace)
        states.write_record(state, replace(target.applied, unfinished=_still_unfinished(target, before)))
    except (ProcmanError, KeyboardInterrupt, OSError) as error:
        _bring_back(state, target, before, progress, interrupted=isinstance(error, KeyboardInterrupt))
        leaving.owe(state, target.applied, before.applied)
        leaving.end_sessions(state, before.applied, progress)
        raise
    _drop_old_specs(state, target)
    leaving.end_sessions(state, target.applied, progress)


def _carry_out(
    state: State,
    target: Target,
    actions: tuple[Action, ...],
    observed: Observed | None,
    progress: Progress,
    *,
    foreground: bool,
    pace: Pace,
) -> None:
    wanted = changes(actions)
    if wanted or observed is None:
        sheets.write(state, sheets.whole(target, state))
        states.write_record(state, replace(target.applied, unfinished=True))
    else:
        sheets.write(state, (sheets.of_limits(target),))
    if observed is None:
        _launch(state, progress, foreground=foreground)
    elif wanted:
        _converge(state, target, wanted, observed, progress, pace)
    wait_ready(state, target.awaited(), progress)


def _still_unfinished(target: Target, before: Before) -> bool:
    """Tell whether something outside what `target` is about was cut short before, and is as it was left."""
    return target.scope is not None and before.applied is not None and before.applied.unfinished


def _launch(state: State, progress: Progress, *, foreground: bool) -> None:
    for words in survivors.end_orphans(state.folder):
        progress("", words)
    progress("", "starting supervisord")
    supervisord.launch(state, lambda: observe(state) is not None, foreground=foreground)


def _converge(
    state: State,
    target: Target,
    actions: tuple[Action, ...],
    observed: Observed,
    progress: Progress,
    pace: Pace,
    *,
    back: bool = False,
) -> None:
    """Take `actions` in their order; `back`: to what ran before, which has had its room already."""
    client = supervisor_rpc.Client(state.socket)
    client.reload_config()
    stops = [a for a in actions if a.do is Do.STOP]
    if stops:
        _end(state, target, stops, observed, progress)
    waiting: set[str] = set()
    tried = {a.service for a in actions} if back else set()
    rest = [a for a in actions if a.do is not Do.STOP]
    while rest:
        rolled = _together(rest, target, observed) if pace.beside else []
        if rolled and _roll(state, target, rolled, progress, pace):
            del rest[: len(rolled)]
            continue
        group = at_once(rest, target, observed, tried)
        group = group if back else fitting(group, target, observed)
        rest, first = [a for a in rest if a not in group], group[0].unit
        if group[0].do is Do.REPLACE:
            if waiting:
                wait_ready(state, target.awaited(waiting), progress)
                waiting.clear()
            replace_at_once(state, target, group, progress)
            tried.update(a.service for a in group)
        else:
            _start(state, client, first, observed.unit(first), progress)
            waiting.add(first)


def _end(state: State, target: Target, stops: list[Action], observed: Observed, progress: Progress) -> None:
    """Take `stops`: new connections leave first, and sockets that nobody is to use any more are closed."""
    client = supervisor_rpc.Client(state.socket)
    leavers = leaving.leavers(_specs_of(observed, {a.unit for a in stops if target.want(a.unit) is None}))
    with leaving.told(leavers):
        stop_units(state, [a.unit for a in stops], progress, retire=True)
    for action in stops:
        client.remove(action.unit)
        if target.want(action.unit) is not None:
            client.add(action.unit)
    for service in {a.service for a in stops}:
        client.release(service, sum(w.spec.service == service for w in target.wanted))


def _together(actions: list[Action], target: Target, observed: Observed) -> list[Action]:
    """Return the first of `actions` that are replacements of one service and may run beside what they replace."""
    return list(takewhile(lambda a: a.service == actions[0].service and rollable(a, target, observed), actions))


def _roll(state: State, target: Target, actions: list[Action], progress: Progress, pace: Pace) -> bool:
    """Replace the instances of `actions` beside the old ones; False, and the reason said, when there is no room."""
    want = target.want(actions[0].unit)
    fits, why = room(target, want.memory if want else None, min(pace.parallel, len(actions)))
    if not fits:
        progress(actions[0].unit, f"{why}: replacing in place, connections wait meanwhile")
        return False
    _settle(state, target, progress)  # a command that was killed, or a memory limit, may have begun one
    roll(state, [a.unit for a in actions], actions[0].reason, fits, progress)
    return True


def _settle(state: State, target: Target, progress: Progress) -> None:
    settle(state, progress, max((a.patience for a in target.awaited()), default=0.0) + _FINISH_WITHIN)


def _specs_of(observed: Observed, units: set[str]) -> tuple[Spec, ...]:
    """Return what the instances `units` were started from, as far as that can be read."""
    specs = (read_spec(unit.spec) for unit in observed.units if unit.unit in units)
    return tuple(spec for spec in specs if spec is not None)


def _start(
    state: State, client: supervisor_rpc.Client, unit: str, known: ObservedUnit | None, progress: Progress
) -> None:
    progress(unit, "starting")
    if known is not None and known.statename == "BACKOFF":
        client.hurry(unit)  # it may have been started since it was seen
        return
    if known is not None:
        stop_units(state, [unit], progress)
        client.remove(unit)
    client.add(unit)


def _bring_back(state: State, target: Target, before: Before, progress: Progress, *, interrupted: bool) -> None:
    """Undo what `target` changed, and say so; what cannot be undone is said, too."""
    what = "interrupted" if interrupted else "failed"
    try:
        if before.observed is None:
            progress("", f"{what}; ending what was started")
            end_manager(state, progress)
            _restore_record(state, before)
            return
        former = as_it_was(target.project, before.running, before.applied or target.applied)
        words = _BACK if interrupted else _prospect(observe(state), former, before)  # who interrupts hears it at once
        progress("", f"{what}; {words}")
        _settle(state, target, progress)
        sheets.write(state, sheets.whole(former, state))
        _restore_record(state, before)
        observed = observe(state)
        if observed is not None:
            _converge(state, former, _way_back(observed, former, before), observed, progress, ROLLING, back=True)
    except (ProcmanError, OSError) as error:
        progress("", f"could not bring everything back: {error}")


def _prospect(observed: Observed | None, former: Target, before: Before) -> str:
    if observed is None:
        return "the manager is gone, too; procman up starts it"
    if _way_back(observed, former, before) or under_way(observed):
        return _BACK
    return "no process is to be brought back"


def _way_back(observed: Observed, former: Target, before: Before) -> tuple[Action, ...]:
    return changes(diff(former.wanted, running(observed, before.applied)))


def _restore_record(state: State, before: Before) -> None:
    if before.applied is not None:
        states.write_record(state, before.applied)
    else:
        files.remove(state.record)


def _drop_old_specs(state: State, target: Target) -> None:
    kept = {f"{w.spec.unit}.{w.spec.digest}.spec" for w in target.wanted}
    for name in set(files.names(state.specs)) - kept:
        files.remove(f"{state.specs}/{name}")
