"""Waiting until instances are ready, with progress, and saying why when they do not become so."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from procman.adapters import log_files, supervisor_rpc
from procman.adapters.state import State
from procman.core.diff import Wanted
from procman.core.errors import Failed, Held
from procman.core.manifest import Ready
from procman.core.observed import Observed, ObservedUnit
from procman.core.quantity import format_time
from procman.core.status import State as InstanceState
from procman.core.status import state_of, why
from procman.core.values import dataclass

POLL = 0.05
SHORTLY = 0.02
PAUSES = 3
MARGIN = 5.0
LAST_LINES = 10

Progress = Callable[[str, str], None]
"""Called with a unit (or "") and what there is to say of it."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """One instance that must become ready. `ready` is None when the service declares no probe."""

    want: Wanted
    ready: Ready | None

    @property
    def unit(self) -> str:
        """Return the name of the instance."""
        return self.want.spec.unit

    @property
    def patience(self) -> float:
        """Return the seconds after which waiting is over; what runs to its end once may take its time."""
        if self.want.spec.oneshot:
            return math.inf
        probe = self.ready or Ready()
        return self.want.spec.start_time + probe.start_period + probe.timeout + MARGIN


def wait_ready(state: State, awaited: tuple[Awaited, ...], progress: Progress) -> None:
    """Wait until each of `awaited` is ready; Failed, or Held, with the first that will not become so."""
    client = supervisor_rpc.Client(state.socket, told=lambda words: progress("", words))
    began = said = time.monotonic()
    first, left = True, list(awaited)
    starts: dict[str, float] = {}
    while True:
        asked = time.monotonic()
        observed = client.status()
        answered = time.monotonic()
        for item in list(left):
            unit = observed.unit(item.unit)
            if unit is not None and _is_ready(item, unit):
                left.remove(item)
                if not first:
                    progress(item.unit, f"ready after {time.monotonic() - began:.1f} s")
            else:
                if unit is not None and unit.waits:
                    starts[item.unit] = time.monotonic()
                _check_hope(state, item, unit, time.monotonic() - starts.get(item.unit, began), observed.seen_at)
        if not left:
            return
        first = False
        if time.monotonic() - said > 2:  # noqa: PLR2004 - seconds without a word
            said = time.monotonic()
            late = observed.unit(left[0].unit)
            words = why(late, observed.seen_at) if late is not None and not late.pid else None
            progress(left[0].unit, f"{words or 'waiting'} ({said - began:.0f} s)")
        time.sleep(min(pause(answered - asked), _until_due(left, observed)))


def _until_due(left: list[Awaited], observed: Observed) -> float:
    """Return the seconds until the last of `left` has run as long as it must, and may be ready; that is not missed."""
    due = [_ripe(item, observed.unit(item.unit)) for item in left]
    ahead = max((at for at in due if at is not None), default=math.inf) - observed.seen_at
    return ahead + SHORTLY if ahead > 0 else math.inf


def _ripe(item: Awaited, unit: ObservedUnit | None) -> float | None:
    """Return when `item` counts as started, by the manager's clock; None when that is not known."""
    if unit is None or unit.started is None or unit.statename != "STARTING":
        return None
    return unit.started + item.want.spec.start_time


def pause(took: float) -> float:
    """Return the seconds to wait before asking again what took so long to answer: a busy manager has better to do."""
    return max(POLL, PAUSES * took)


def _is_ready(item: Awaited, unit: ObservedUnit) -> bool:
    if item.want.spec.oneshot:
        return unit.completed
    return unit.completed or (unit.statename == "RUNNING" and unit.ready)


def _check_hope(state: State, item: Awaited, unit: ObservedUnit | None, waited: float, at: float) -> None:
    """Raise when `item`, seen `at` that time of the manager's clock, cannot become ready any more."""
    now = state_of(unit, probed=False) if unit else InstanceState.STOPPED
    if now is InstanceState.HELD and unit is not None:
        raise Held(
            f"{item.unit} was not started: {unit.held}", "end the other one first; `procman status` there shows it"
        )
    if unit is not None and unit.blocked:
        culprit = unit.blocked.partition(" ")[0]
        raise Failed(f"{item.unit} {unit.waits}, but {unit.blocked}", last_lines(state, culprit))
    gone = now in (InstanceState.FAILED, InstanceState.STOPPED)
    again = unit.retry_at if unit is not None and now is InstanceState.BACKOFF else None
    ahead = 0.0 if again is None else max(0.0, again - at)
    if not gone and waited + ahead <= item.patience:
        return
    late = f"{'was not' if waited > item.patience else 'cannot be'} ready within {item.patience:.0f} s"
    reason = (unit.reason or unit.awaits) if unit is not None else None
    far = "" if gone or waited > item.patience else f"; its next start is {format_time(max(1, round(ahead)))} away"
    said = f"{'failed' if gone else late}{f': {reason}' if reason else ''}{far}"
    raise Failed(f"{item.unit} {said}", last_lines(state, item.unit))


def last_lines(state: State, unit: str) -> str:
    """Return in words what the last process of `unit` wrote at the end."""
    lines = _own_lines(state, unit)
    if not lines:
        return f"{unit} wrote nothing to its log"
    return "\n".join([f"the last lines of {unit}:", *(f"  {line}" for line in lines)])


def _own_lines(state: State, unit: str) -> list[str]:
    """Return the last lines of the process that ended last, or of the one that was started after it.

    Of the whole log where none has ended yet: what earlier ones wrote would pass for the words of this one.
    """
    from procman.workflow.history import recorded  # noqa: PLC0415 - only when something has failed

    path = state.log(unit)
    known = [e for e in recorded(state) if e.unit == unit and e.event in ("start", "exit")]
    ended = next((e for e in reversed(known) if e.event == "exit"), None)
    match ended.facts.get("log") if ended is not None else None:
        case [int(inode), int(begin), int(end)]:
            own = log_files.between(path, inode, begin, end, LAST_LINES)
        case _:
            return log_files.tail(path, LAST_LINES)
    if known[-1] is ended:
        return own
    since = log_files.between(path, inode, end, None, LAST_LINES)
    return since or ([] if ended is not None and ended.facts.get("asked") else own)
