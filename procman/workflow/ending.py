"""How instances and the manager end: asked, waited for, killed by supervisord or by us, and what had to be is said."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable

from procman.adapters import files, supervisor_rpc, supervisord, survivors
from procman.adapters.state import State
from procman.core import rolling
from procman.core.dependencies import waves
from procman.core.errors import Failed, NotRunning
from procman.core.manifest import Stop
from procman.core.observed import Observed, ObservedUnit
from procman.core.spec import Spec
from procman.workflow.observe import observe
from procman.workflow.ready import POLL, Progress, pause
from procman.workflow.running import read_spec

STOP_MARGIN = 10.0
NEVER_ENDS = ("does not end, not even by SIGKILL", "it may wait for a disk: see its state in ps")
ENDING = "SHUTDOWN"
"""supervisord's word for the time in which it only ends what it has."""


def stop_units(state: State, units: list[str], progress: Progress, *, retire: bool = False) -> None:
    """Stop `units` and wait until the last is down. Failed when one outlives its time and SIGKILL.

    All at once, but for what others of them depend on: that is stopped when those are down.
    `retire`: new connections leave them first, and what waits in their queues is answered.
    """
    client = supervisor_rpc.Client(state.socket, told=lambda words: progress("", words))
    alive = [u for u in client.status().units if u.unit in units and _is_up(u.statename)]
    needs = _needs(spec for spec in (read_spec(u.spec) for u in alive) if spec is not None)
    for wave in waves({_service(u.unit) for u in alive}, needs):
        now = [u for u in alive if _service(u.unit) in wave]
        for unit in now:
            if unit.pid:
                progress(unit.unit, "stopping")
            if retire and unit.slot_inode is not None:
                client.retire(unit.unit)
            else:
                _stop(client, unit.unit)
        _wait_down(client, {u.unit for u in now}, _patience(now))


def wait_renewed(state: State, units: set[str], progress: Progress) -> None:
    """Wait until each of `units`, which the manager makes anew, has ended; Failed when one outlives its time."""
    client = supervisor_rpc.Client(state.socket, told=lambda words: progress("", words))
    observed = client.status()
    deadline = time.monotonic() + _patience(u for u in observed.units if u.unit in units)
    took = 0.0
    while left := [u for u in observed.units if u.unit in units and u.job and u.job.phase == rolling.PARTING]:
        if time.monotonic() > deadline:
            raise Failed(f"{left[0].unit} {NEVER_ENDS[0]}", NEVER_ENDS[1])
        time.sleep(pause(took))
        asked = time.monotonic()
        observed = client.status()
        took = time.monotonic() - asked


def end_manager(state: State, progress: Progress, least: float = 30.0) -> tuple[str, ...]:
    """End supervisord and everything under it, and return in words what had to be killed.

    All services are told at once; whatever outlives its time is killed by supervisord, supervisord itself by us, and
    what has left its tree by its environment.
    """
    killed: list[str] = []
    observed = observe(state)
    if observed is not None:
        progress("", "stopping everything")
        try:
            killed.extend(_end_units(state, observed))
        finally:  # also when we are interrupted: it then goes on without us, and ends with all it has
            with contextlib.suppress(supervisor_rpc.Fault, NotRunning):  # it is ending already, or has ended since
                supervisor_rpc.Client(state.socket).shutdown()
        wait = max(least, _patience(observed.units))  # dependents first, so a chain takes the sum
        if not supervisord.ended(observed.manager_pid, wait):
            supervisord.kill(observed.manager_pid)
            supervisord.ended(observed.manager_pid, STOP_MARGIN)
            killed.append(f"supervisord (pid {observed.manager_pid}) did not end in {wait:.0f} s and was killed")
    killed.extend(survivors.end_orphans(state.folder))
    _clear_sockets(state)
    return tuple(killed)


def await_end(state: State, progress: Progress) -> None:
    """Wait for a supervisord that was told to end: it starts nothing any more. Failed when it takes too long."""
    observed = observe(state)
    if observed is None or observed.state != ENDING:
        return
    progress("", f"waiting for supervisord (pid {observed.manager_pid}) to end")
    if not supervisord.ended(observed.manager_pid, _patience(observed.units)):
        raise Failed(f"supervisord (pid {observed.manager_pid}) was told to end and does not", "end it: procman down")


def patience(specs: list[Spec]) -> float:
    """Return how long `specs` may take to end, one wave after another, and a margin for SIGKILL."""
    needs = _needs(specs)
    longest = sum(max(spec.stop.timeout for spec in specs if spec.service in wave) for wave in waves(needs, needs))
    return (longest if specs else Stop().timeout) + STOP_MARGIN


def _end_units(state: State, observed: Observed) -> list[str]:
    """Stop every unit, and return in words which did not end in its time; a shutdown alone would not tell."""
    up = [u.unit for u in observed.units if u.pid]
    try:
        stop_units(state, [u.unit for u in observed.units], lambda _unit, _words: None)
        after = supervisor_rpc.Client(state.socket).status()
    except (Failed, NotRunning):
        return []  # supervisord ends, or is about to be ended, with all it has
    late = [f"{u.unit} did not end in its time and was killed" for u in after.units if u.unit in up and _was_killed(u)]
    left = dict.fromkeys((*after.ended, *survivors.adopted(after.manager_pid)))
    return late + [f"ended pid {who}, left behind by its service" for who in left if who not in observed.ended]


def _was_killed(unit: ObservedUnit) -> bool:
    spec = read_spec(unit.spec)
    return "SIGKILL" in (unit.exit or "") and (spec is None or spec.stop.signal != "KILL")


def _patience(units: Iterable[ObservedUnit]) -> float:
    return patience([spec for spec in (read_spec(unit.spec) for unit in units) if spec is not None])


def _needs(specs: Iterable[Spec]) -> dict[str, list[str]]:
    return {spec.service: [name for name, _ in spec.depends_on] for spec in specs}


def _stop(client: supervisor_rpc.Client, unit: str) -> None:
    try:
        client.stop(unit)
    except supervisor_rpc.Fault as fault:
        if fault.code != supervisor_rpc.NOT_RUNNING:  # it has ended since it was seen
            raise


def _wait_down(client: supervisor_rpc.Client, units: set[str], patience: float) -> None:
    deadline = time.monotonic() + patience
    while up := [u for u in client.status().units if u.unit in units and _is_up(u.statename)]:
        for unit in (u for u in up if u.statename in ("STARTING", "RUNNING")):
            if unit.job is None or unit.job.phase != rolling.EMPTYING:  # it is told when its queue is empty
                _stop(client, unit.unit)  # the manager was about to start it again, for its memory
        if time.monotonic() > deadline:
            raise Failed(f"{up[0].unit} {NEVER_ENDS[0]}", NEVER_ENDS[1])
        time.sleep(POLL)


def _service(unit: str) -> str:
    return unit.rpartition("-")[0]


def _is_up(statename: str) -> bool:
    return statename in ("STARTING", "RUNNING", "STOPPING", "BACKOFF")


def _clear_sockets(state: State) -> None:
    for name in files.names(state.folder):
        if name in {"sock", "supervisord.pid"} or name.startswith("store."):
            files.remove(f"{state.folder}/{name}")
