"""What the commands do, each by the one road: decide, diff, show, apply, under the project's command lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from procman.adapters import state as states
from procman.adapters import survivors
from procman.adapters.state import State
from procman.core.applied import Applied
from procman.core.diff import Action, Do, changes, diff
from procman.core.errors import Failed, NotRunning, WrongUse
from procman.core.values import dataclass, replace
from procman.workflow import ending, growth, preflight
from procman.workflow.apply import apply
from procman.workflow.decide import Approved, Choice, approve, decide
from procman.workflow.history import note_command
from procman.workflow.intent import RELOAD, RESTART, SCALE, START, Change, intended, units_of
from procman.workflow.load import load_applied
from procman.workflow.preview import Agreed, Before, outlook, seen_before
from procman.workflow.project import Project
from procman.workflow.ready import Progress
from procman.workflow.roll import ROLLING, Pace
from procman.workflow.target import Target, as_it_was, narrowed

Show = Callable[[tuple[Action, ...]], None]
"""Called with the actions before the first of them is taken."""


@dataclass(frozen=True, slots=True)
class Talk:
    """How an operation speaks: the actions before, progress meanwhile, and that it waits for another command.

    `takeover`: the operator has said that a consumer outside procman is to be ended first.
    """

    show: Show
    progress: Progress
    on_wait: Callable[[], None]
    takeover: bool = False


def up(
    approved: Approved,
    state: State,
    environment: Mapping[str, str],
    talk: Talk,
    *,
    forced: bool = False,
    foreground: bool = False,
    agreed: Agreed | None = None,
) -> tuple[Action, ...]:
    """Make the project what `approved` says, and return what was done. Held, Failed: what ran before runs."""
    states.prepare(state)
    with _alone(state, talk):
        ending.await_end(state, talk.progress)
        target, before = outlook(approved, state, environment, forced=forced)
        if foreground and before.observed is not None:
            raise Failed("the project runs in the background already", "procman down, then up --foreground")
        if agreed is not None:
            agreed(target, before)
        actions = diff(target.wanted, before.running)
        _look(state, target, actions, before, talk, takeover=talk.takeover)
        growth.check_guards(approved, target, actions, state, talk.progress, sure=False)
        talk.show(actions)
        note_command(state, "up", actions)
        apply(state, target, actions, before, talk.progress, foreground=foreground)
        return actions


def scale(
    project: Project, counts: Mapping[str, int], environment: Mapping[str, str], talk: Talk
) -> tuple[Action, ...]:
    """Run `counts` instances of the named services, without touching any other; by the rules and the budget."""
    with _alone(project.state, talk):
        applied = _record(project)
        whole = _scaled(project, applied, counts, environment)
        state = project.state
        _look(state, whole.target, whole.actions, whole.before, talk)
        growth.check_guards(whole.approved, whole.target, whole.actions, state, talk.progress, sure=True)
        talk.show(changes(whole.actions))
        note_command(state, SCALE, whole.actions)
        with growth.undone(state, whole.target, whole.before, talk.progress):
            for step in growth.steps(whole.approved.manifest, whole.before.running, counts):
                part = _scaled(project, applied, step, environment)
                apply(state, part.target, part.actions, part.before, talk.progress)
                joined = growth.joining(part.approved.manifest, part.actions)
                growth.fly_canary(part.approved, part.target, joined, state, talk.progress)
        return whole.actions


def start(project: Project, names: tuple[str, ...], environment: Mapping[str, str], talk: Talk) -> tuple[Action, ...]:
    """Start what the operator stopped or what failed: services or instances; all without names."""
    with _alone(project.state, talk):
        applied = _record(project)
        units = chosen(applied, names)
        applied = replace(applied, stopped=tuple(u for u in applied.stopped if u not in units))
        approved = _again(applied, environment, dict(applied.scaled))
        return _change(project, approved, applied, units, talk, START)


def restart(project: Project, names: tuple[str, ...], environment: Mapping[str, str], talk: Talk) -> tuple[Action, ...]:
    """Replace instances one after another by the same again; a singleton is stopped before it is started."""
    with _alone(project.state, talk):
        applied = _record(project)
        units = chosen(applied, names)
        applied = replace(applied, stopped=tuple(u for u in applied.stopped if u not in units))
        approved = _again(applied, environment, dict(applied.scaled))
        return _change(project, approved, applied, units, talk, RESTART, Pace(beside=False))


def reload(
    project: Project, names: tuple[str, ...], environment: Mapping[str, str], talk: Talk, parallel: int = 1
) -> tuple[Action, ...]:
    """Replace instances by the same again: of a service that listens the new one first, on the same held socket.

    At most `parallel` of a service at a time. Failed with the first that does not become ready; the old one serves on.
    """
    with _alone(project.state, talk):
        applied = _record(project)
        units = chosen(applied, names) - set(applied.stopped)
        approved = _again(applied, environment, dict(applied.scaled))
        return _change(project, approved, applied, units, talk, RELOAD, Pace(parallel=parallel))


def stop(project: Project, names: tuple[str, ...], talk: Talk) -> tuple[Action, ...]:
    """Stop services or instances until they are started again. It starts nothing, so no rule is asked."""
    with _alone(project.state, talk):
        recorded = _record(project)
        units = chosen(recorded, names)
        applied = replace(recorded, stopped=tuple(sorted({*recorded.stopped, *units})))
        before = seen_before(project.state, recorded)
        if before.observed is None:
            ended = survivors.end_orphans(project.state.folder)
            for words in (*ended, f"nothing {'else ' if ended else ''}runs: the manager is gone; procman up starts it"):
                talk.progress("", words)
            states.write_record(project.state, applied)
            return ()
        former = as_it_was(applied.project, before.running, applied)
        wanted = tuple(replace(w, run=w.run and w.spec.unit not in units) for w in former.wanted)
        target = replace(former, wanted=wanted, scope=frozenset(units))
        actions = narrowed(diff(wanted, before.running), units)
        talk.show(actions)
        note_command(project.state, "stop", actions)
        apply(project.state, target, actions, before, talk.progress)
        return actions


def down(project: Project, talk: Talk) -> tuple[str, ...]:
    """End everything of the project and return in words what had to be killed."""
    with _alone(project.state, talk):
        applied = states.read_record(project.state) or project.applied
        before = seen_before(project.state, applied)
        stops = [Action(r.service, r.instance, Do.STOP, "procman down") for r in before.running if r.alive]
        if stops:
            talk.show(tuple(stops))
        note_command(project.state, "down", tuple(stops))
        longest = max((r.spec.stop.timeout for r in before.running if r.spec), default=0.0)
        try:
            killed = ending.end_manager(project.state, talk.progress, longest + ending.STOP_MARGIN)
        except KeyboardInterrupt:
            talk.progress("", "interrupted; supervisord goes on and ends by itself")
            raise
        states.write_record(project.state, applied.ended())
        return killed


def chosen(applied: Applied, names: tuple[str, ...]) -> set[str]:
    """Return the units that `names` (services or instances) mean; all without names. WrongUse for an unknown one."""
    everything = {f"{s.name}-{i}": s.name for s in applied.services for i in range(s.instances)}
    if not names:
        return set(everything)
    units: set[str] = set()
    for name in names:
        meant = {unit for unit, service in everything.items() if name in (unit, service)}
        if not meant:
            known = ", ".join(dict.fromkeys([*everything.values(), *everything]))
            raise WrongUse(f"there is no service or instance '{name}'", f"known: {known}")
        units |= meant
    return units


@contextmanager
def _alone(state: State, talk: Talk) -> Iterator[None]:
    with states.exclusive(state, talk.on_wait):
        yield


def _record(project: Project) -> Applied:
    applied = states.read_record(project.state)
    if applied is None or applied.down:
        raise NotRunning("the project is not running", "start it with procman up")
    return applied


def _look(
    state: State, target: Target, actions: tuple[Action, ...], before: Before, talk: Talk, *, takeover: bool = False
) -> None:
    preflight.check_locks(target, actions, before.observed)
    if before.observed is None:
        survivors.end_orphans(state.folder)
    preflight.check_strays(target, actions, before.observed, talk.progress, takeover=takeover)
    preflight.check_addresses(target, actions, before.running, before.observed)
    preflight.check_room(target, preflight.least(target, actions), before.observed)


def _again(
    applied: Applied,
    environment: Mapping[str, str],
    scaled: Mapping[str, int],
    counted: set[str] | None = None,
    *,
    fewer: bool = False,
) -> Approved:
    """Return the applied manifest with these counts, judged by every rule and the budget once more.

    Consumers that have company and are not `counted` keep it when what was verified of them has only grown old. With
    `fewer` instances than now no lack of room is a reason to refuse.
    """
    kept = frozenset(s.name for s in applied.services if s.instances > 1) - (counted or set())
    former = applied.former(used=True)
    choice = Choice(profile=applied.profile, scale=scaled, force=applied.forced or fewer, kept=kept, former=former)
    return approve(decide(load_applied(applied), choice, environment))


def _scaled(project: Project, applied: Applied, counts: Mapping[str, int], environment: Mapping[str, str]) -> Change:
    now = {service.name: service.instances for service in applied.services}
    fewer = all(count <= now.get(name, 0) for name, count in counts.items())
    approved = _again(applied, environment, {**dict(applied.scaled), **counts}, set(counts), fewer=fewer)
    units = units_of(project, approved, set(counts))
    return intended(project, approved, applied, units, SCALE)


def _change(
    project: Project,
    approved: Approved,
    applied: Applied,
    units: set[str],
    talk: Talk,
    command: str,
    pace: Pace = ROLLING,
) -> tuple[Action, ...]:
    """Bring `units` to the target as `command` asks, and leave everything else exactly as it runs."""
    change = intended(project, approved, applied, units, command)
    _look(project.state, change.target, change.actions, change.before, talk)
    talk.show(changes(change.actions))
    note_command(project.state, command, change.actions)
    apply(project.state, change.target, change.actions, change.before, talk.progress, pace=pace)
    return change.actions
