"""What is looked at before anything is started: locks held elsewhere, strays, addresses in use, and room in memory."""

from __future__ import annotations

import time

from procman.adapters import locks, machine, ports, processes, strays
from procman.core.diff import Action, Do, Running
from procman.core.errors import Failed, Held
from procman.core.manifest import Address, Kind
from procman.core.observed import Observed
from procman.core.places import Place, UnixSocket
from procman.core.quantity import format_size
from procman.core.spec import Spec
from procman.core.strays import Stray
from procman.workflow.ready import Progress
from procman.workflow.target import Target


def check_locks(target: Target, actions: tuple[Action, ...], observed: Observed | None) -> None:
    """Raise Held when a singleton that would start runs elsewhere on this host.

    What our own manager runs is no obstacle: a service that gets another name or other topics is stopped first.
    """
    manager = f"{observed.manager_pid}.{observed.manager_start}" if observed else ""
    for spec in _starting(target, actions):
        held = locks.held_elsewhere(spec, manager)
        if held is not None:
            raise Held(f"{spec.unit} is not started: {held}", "only one may run on a host; end the other one first")


def check_strays(
    target: Target, actions: tuple[Action, ...], observed: Observed | None, progress: Progress, *, takeover: bool
) -> None:
    """Raise Held when a singleton that would start runs elsewhere already; with `takeover` that is ended first.

    Politely, for as long as its own stop may take, then firmly. What somebody else starts again at once is refused.
    """
    specs = tuple(s for s in _starting(target, actions) if s.kind is Kind.SINGLETON)
    found = _sure(specs, observed)
    kept = next((stray for stray in found if takeover and stray.keeper), None)
    if kept is not None:
        # Ended by its pid, it would be back within milliseconds, or after restart_delay: beside the one started here.
        said = f"{kept.service} is kept running by {kept.keeper}: {described(kept)}"
        raise Held(said, f"end it for good first: {kept.stop}")
    for stray in found if takeover else ():
        progress(stray.service, f"ending {described(stray)}")
        strays.end(stray.pid, max(s.stop.timeout for s in specs))
    left = _sure(specs, observed) if takeover and found else found
    if left:
        first = left[0]
        advice = f"end it where it is kept: {first.stop}"
        if not takeover:
            advice = first.stop if first.keeper == "procman" else f"{first.stop}, or: procman up --takeover"
        raise Held(f"{first.service} runs {first.where} already: {described(first)}", advice)


def described(stray: Stray) -> str:
    """Return who a stray is: pid, command, user, start time and origin."""
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stray.started))
    return f"pid {stray.pid} ({stray.words}), user {stray.user}, since {started}, started by {stray.origin}"


def _sure(specs: tuple[Spec, ...], observed: Observed | None) -> tuple[Stray, ...]:
    found = strays.find(specs, observed.manager_pid if observed else None) if specs else ()
    return tuple(stray for stray in found if stray.sure)


def check_addresses(
    target: Target, actions: tuple[Action, ...], running: tuple[Running, ...], observed: Observed | None
) -> None:
    """Raise Failed when an address that would be listened on is taken: by a stranger, or by one of ours beside it."""
    ours = _places_held(running, observed)
    paths = {place.path for place in ours if isinstance(place, UnixSocket)}
    wanted = {place for spec in _starting(target, actions) for place in spec.places}
    for place in sorted(wanted - ours, key=str):
        if isinstance(place, UnixSocket):
            fault = None if place.path in paths else ports.path_fault(place)
        else:
            fault = ports.fault(place)
        if fault is not None:
            said, cure = fault
            held = next((each for each in ours if isinstance(each, Address) and _port(place) == each.port), None)
            if held is not None:
                said = f"cannot be opened while this project listens on {held}"
                cure = "the old address closes with the manager: procman down, then procman up"
            raise Failed(f"{place} {said}", cure)


def check_room(target: Target, actions: tuple[Action, ...], observed: Observed | None, root: str = "") -> None:
    """Raise Failed when the machine does not have at this moment what `actions` start, as far as limits say.

    The budget says what should be there; this is what is. What a process that is replaced has now comes back first.
    `--force` does not count: it is about the budget.
    """
    named = {a.unit for a in actions if a.do in (Do.START, Do.REPLACE)}
    starting = [w for w in target.wanted if w.run and w.spec.unit in named and w.memory]
    if not starting:
        return
    needed = sum(w.memory or 0 for w in starting)
    manager = (
        str(observed.manager_pid) if observed else ""
    )  # a service may ask: its own hard limit is not the manager's
    available = (machine.this_machine(root=root, manager=manager).available or 0) + _given_back(actions, observed)
    if needed > available:
        first = f"{starting[0].spec.unit} and {len(starting) - 1} more" if len(starting) > 1 else starting[0].spec.unit
        raise Failed(
            f"{first} may need {format_size(needed)}, and this machine has {format_size(available)} available now",
            "end what uses the memory, or lower limits and counts: procman plan shows what fits",
        )


def least(target: Target, actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """Return those of `actions` that must have room together: of replacements, which can go one by one, the largest."""
    limits = {w.spec.unit: w.memory or 0 for w in target.wanted}
    replaced = [a for a in actions if a.do is Do.REPLACE]
    largest = max(replaced, key=lambda a: limits.get(a.unit, 0), default=None)
    return tuple(a for a in actions if a.do is not Do.REPLACE or a is largest)


def _given_back(actions: tuple[Action, ...], observed: Observed | None) -> int:
    """Return the bytes that the processes have which are ended first."""
    ending = {a.unit for a in actions if a.do in (Do.REPLACE, Do.STOP)}
    pids = [u.pid for u in observed.units if u.unit in ending and u.pid] if observed and ending else []
    table = processes.parents() if pids else {}
    return sum(processes.memory(processes.tree(pid, table)) for pid in pids)


def _starting(target: Target, actions: tuple[Action, ...]) -> list[Spec]:
    starting = {a.unit for a in actions if a.do in (Do.START, Do.REPLACE)}
    return [w.spec for w in target.wanted if w.run and w.spec.unit in starting]


def _port(place: Place) -> int | None:
    return place.port if isinstance(place, Address) else None


def _places_held(running: tuple[Running, ...], observed: Observed | None) -> set[Place]:
    """Return where our own manager listens already."""
    listening = {u.unit for u in observed.units if u.slot_inode is not None} if observed else set()
    ours = (r.spec for r in running if r.spec is not None and (r.unit in listening or (r.spec.binds and r.alive)))
    return {place for spec in ours for place in spec.places}
