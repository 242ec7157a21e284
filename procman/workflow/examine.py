"""The machine's part of `doctor`: what the host has and what stands in the way, each with its fix. Changes nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping

from procman.adapters import files, kernel_log, machine, ports, strays, survivors, vitals
from procman.adapters.state import State
from procman.core import vitals as judge
from procman.core.applied import Applied
from procman.core.checks import Check
from procman.core.observed import Observed
from procman.core.spec import Spec
from procman.core.vitals import Rival
from procman.workflow.history import recorded

GLOBAL = "Out of memory"
"""How the kernel's words of a kill begin when the whole machine was short, and not a group."""


def checks(
    state: State,
    applied: Applied | None,
    observed: Observed | None,
    specs: tuple[Spec, ...],
    brokers: Mapping[str, tuple[str, int]],
    home: str,
) -> Iterator[Check]:
    """Yield every check of the machine for a project; `brokers`: host and port of each consumer's broker.

    `home`: of the one who asks.
    """
    yield judge.swap(
        machine.meminfo().get("SwapTotal", 0), applied.required if applied else 0, applied.usable if applied else 0
    )
    services = applied.services if applied else ()
    yield judge.limits(tuple(s.name for s in services if s.memory is None))
    written = tuple(s.name for s in services if s.hard is not None and s.memory and s.hard != s.memory * 3 // 2)
    group, reason = (observed.cgroup, observed.cgroup_reason) if observed else (None, None)
    yield judge.hard_limits(group, reason, runs=observed is not None, written=written)
    if observed is not None:
        yield judge.placement(observed.placement, observed.placement_reason)
    yield judge.ulimits(vitals.open_files(), vitals.processes(), len(specs))
    yield judge.disk(vitals.disk(state.folder), sum(s.logs.size * (s.logs.keep + 1) for s in specs) - _logged(state))
    newest = max((event.at for event in recorded(state)), default=0.0)
    yield judge.clock(time.time(), newest, synchronised=vitals.synchronised())
    for service, (host, port) in sorted(brokers.items()):
        yield judge.broker(service, f"{host}:{port}", vitals.reach(host, port))
    yield from _ports(specs, observed)
    loose, foreign = vitals.too_open(_private(state))
    yield judge.permissions(tuple(loose), tuple(foreign))
    should_run = applied is not None and not applied.down and observed is None
    left = () if observed else tuple(n for n in files.names(state.folder) if n == "sock" or n.startswith("store."))
    unfinished = applied is not None and applied.unfinished
    behind = () if observed else survivors.left(state.folder)
    yield judge.stale(left, behind, should_run=should_run, unfinished=unfinished)
    yield judge.oom(vitals.oom_kills(), _killed())
    yield judge.rivals(tuple(_rivals(specs, observed, home)))


def _ports(specs: tuple[Spec, ...], observed: Observed | None) -> Iterator[Check]:
    seen = set()
    for spec in specs:
        if spec.listen is None or spec.service in seen:
            continue
        seen.add(spec.service)
        unit = observed.unit(spec.unit) if observed else None
        ours = unit is not None and (unit.slot_inode is not None or unit.ready)
        yield judge.port(spec.service, str(spec.listen), None if ours else ports.fault(spec.listen), ours=ours)


def _private(state: State) -> list[str]:
    top = (state.folder, state.specs, state.record, state.events, state.socket)
    return [*top, *(f"{state.specs}/{name}" for name in files.names(state.specs))]


def _logged(state: State) -> int:
    sizes = 0
    for name in files.names(state.logs):
        try:
            sizes += os.stat(f"{state.logs}/{name}").st_size  # noqa: PTH116
        except OSError:
            continue
    return sizes


def _killed() -> tuple[str, ...] | None:
    found = kernel_log.kills()
    if found is None:
        return None
    return tuple(words for _, words in found.values() if words.startswith(GLOBAL))


def _rivals(specs: tuple[Spec, ...], observed: Observed | None, home: str) -> Iterator[Rival]:
    """Yield who else runs a service's command: a process of PM2 or of a unit, and what both will start at boot."""
    first = {spec.service: spec for spec in reversed(specs)}
    for stray in strays.find(tuple(first.values()), observed.manager_pid if observed else None):
        if stray.sure and stray.origin.startswith(("PM2", "procman", "systemd", "supervisord")):
            yield Rival(stray.service, f"{stray.origin} runs it as pid {stray.pid}", stray.stop)
    scripts = {name: strays.command_of(spec).script for name, spec in first.items()}
    named = {name: script for name, script in scripts.items() if script}
    homes = {home, *(f"/home/{n}" for n in files.names("/home") if os.geteuid() == 0)}
    for path, title, script in vitals.pm2_dumps(sorted(homes)):
        for name in (n for n, known in named.items() if known == script):
            yield Rival(name, f"PM2 starts it at boot as {title} ({path})", f"pm2 delete {title} && pm2 save")
    for unit, text in vitals.units():
        for name in (n for n, known in named.items() if any(known in line for line in _starts(text))):
            yield Rival(name, f"the systemd unit {unit} starts it", f"systemctl disable --now {unit}")


def _starts(unit: str) -> list[str]:
    return [line for line in unit.splitlines() if line.startswith("ExecStart=")]
