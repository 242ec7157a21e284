"""What `why` reports: every death that is known, its last words, the kernel's log, and advice. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from procman.adapters import kernel_log, log_files
from procman.adapters.state import State
from procman.core.advice import Means, advice
from procman.core.applied import Applied
from procman.core.deaths import Cause, Death, deaths, with_kernel_log, with_words
from procman.core.events import Event
from procman.core.rolling import BESIDE
from procman.core.values import dataclass
from procman.workflow.history import open_history, recorded
from procman.workflow.observe import observe
from procman.workflow.project import find

LAST_LINES = 5
LOOKED_AT = 50
CRASHES = (Cause.CRASH, Cause.HEAP, Cause.EXIT, Cause.SIGNAL)


@dataclass(frozen=True, slots=True)
class Why:
    """Why the instances of one service died. `waits`: why one does not run now, as (instance, reason).

    `kernel_log`: whether the kernel's log could be read.
    """

    project: str
    service: str
    deaths: tuple[Death, ...]
    waits: tuple[tuple[str, str], ...]
    advice: tuple[str, ...]
    kernel_log: bool


def why(file: str | None, environment: Mapping[str, str], name: str, count: int) -> Why | None:
    """Return the last `count` deaths of the service or instance `name`; None when the project was never started.

    WrongUse for a name that is neither of the project nor in its history.
    """
    history = open_history(file, environment, (name,))
    project = find(file, environment)
    if history is None or project is None:
        return None
    events = recorded(project.state)
    found = [d for d in deaths(events) if name in (d.unit, d.unit.rpartition("-")[0])][-count:]
    kills = kernel_log.kills() if any(d.signal is not None for d in found) else {}
    told = tuple(with_kernel_log(_spoken(d, project.state), kills or {}) for d in found)
    service = name if any(name == s.name for s in project.applied.services) else name.rpartition("-")[0] or name
    waiting = _waiting(e for e in events if e.concerns((name,)))
    means = _means(project.applied, project.state, service)
    said = advice(told, means) if means else ()
    return Why(project.applied.project, name, told, waiting, said, kills is not None)


def last(state: State, units: Iterable[str]) -> dict[str, Death]:
    """Return the last death of each of `units` that nobody asked for."""
    wanted = set(units)
    return {d.unit: d for d in deaths(recorded(state)) if d.unit in wanted and not d.wanted} if wanted else {}


def _spoken(death: Death, state: State) -> Death:
    if death.log is None or death.cause not in CRASHES:
        return death
    written = log_files.between(state.log(death.unit), *death.log, LOOKED_AT)
    return with_words(death, tuple(log_files.telling(written, LAST_LINES) or written[-LAST_LINES:]))


def _waiting(events: Iterable[Event]) -> tuple[tuple[str, str], ...]:
    """Return the instances that were given up or wait for a lock, with the reason, unless they were started since."""
    found: dict[str, str] = {}
    for event in events:
        if event.event in ("held", "failed"):
            found[event.unit] = f"{event.event}: {event.text('reason') or 'no reason is known'}"
        elif event.event == "start" or (event.event == "not-replaced" and event.text("way") == BESIDE):
            found.pop(event.unit, None)  # of a replacement, whose old process serves on
    return tuple(sorted(found.items()))


def _means(applied: Applied, state: State, service: str) -> Means | None:
    known = applied.service(service)
    if known is None:
        return None
    observed = None if applied.down else observe(state)
    units = observed.units if observed else ()
    usual = [u.memory_usual for u in units if u.unit.rpartition("-")[0] == service and u.memory_usual]
    return Means(known.memory, known.instances, applied.required, applied.usable, max(usual, default=None))
