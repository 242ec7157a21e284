"""The history of a project as values and words: the lines of its journal, read back. Pure.

A line is a JSON object with `at` (seconds since the epoch), `event`, mostly `unit`, and facts of its own. A line that
was cut off by a full disk or a lost machine is left out, and what was written behind it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from procman.core.quantity import format_size, format_time
from procman.core.rolling import BESIDE, IN_PLACE
from procman.core.values import dataclass, field
from procman.core.words import counted, visible

_WAYS = {BESIDE: "beside the old process: ", IN_PLACE: "in its place: "}
_BEGIN = '{"at":'


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `at` in seconds since the epoch; `unit` is empty for what concerns the manager or a command."""

    at: float
    event: str
    unit: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """Return the name of the service that `unit` is of."""
        return self.unit.rpartition("-")[0]

    def text(self, name: str) -> str | None:
        """Return the fact `name` when it is text."""
        value = self.facts.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> float | None:
        """Return the fact `name` when it is a number, and a finite one."""
        value = self.facts.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf"):
            return value
        return None

    def whole(self, name: str) -> int | None:
        """Return the fact `name` when it is a whole number."""
        value = self.facts.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def words(self, name: str) -> tuple[str, ...]:
        """Return the fact `name`, a list, as texts."""
        value = self.facts.get(name)
        return tuple(str(item) for item in value) if isinstance(value, list) else ()

    def concerns(self, names: Iterable[str]) -> bool:
        """Tell whether the event is of one of these services or instances, or of a command about one."""
        units = {self.unit, *self.words("units")}
        return any(name in (unit, unit.rpartition("-")[0]) for name in names for unit in units)


def parse(line: str) -> Event | None:
    """Return the event of `line`, or None when there is no whole one in it."""
    for start in dict.fromkeys((0, line.rfind(_BEGIN))):
        if start < 0:
            continue
        try:
            found = json.loads(line[start:])
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return _event(found)
    return None


def parsed(lines: Iterable[str]) -> tuple[Event, ...]:
    """Return the events of `lines` in the order of their times."""
    found = [event for event in map(parse, lines) if event is not None]
    return tuple(sorted(found, key=lambda event: event.at))


def document(event: Event, at: str) -> dict[str, object]:
    """Return the documented JSON form; `at` is its time as RFC 3339."""
    return {**event.facts, "at": at, "event": event.event, "unit": event.unit or None}


def told(event: Event) -> str:
    """Return what happened in words that are safe to print."""
    teller = _TELLERS.get(event.event)
    return visible(teller(event) if teller else _plain(event))


def ending(event: Event) -> str:
    """Return in words how the process of an `exit` ended: ``code 1``, ``SIGKILL``."""
    import signal  # noqa: PLC0415 - few commands tell of ends

    number = event.whole("signal")
    if number is None:
        return f"code {event.whole('code')}"
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _event(found: dict[str, object]) -> Event | None:
    at, name, unit = found.pop("at", None), found.pop("event", None), found.pop("unit", "")
    if isinstance(at, bool) or not isinstance(at, int | float) or not isinstance(name, str):
        return None
    return Event(float(at), name, unit if isinstance(unit, str) else "", found)


def _exit(event: Event) -> str:
    parts = [ending(event)]
    uptime, memory, peak = event.number("uptime"), event.whole("memory"), event.whole("peak")
    if uptime is not None:
        parts.append(f"after {format_time(uptime)}")
    if memory is not None:
        parts.append(f"with {format_size(memory)} (peak {format_size(peak or memory)})")
    if event.whole("oom_kills"):
        parts.append(f"by the kernel for its hard limit, {format_size(event.whole('hard') or 0)}")
    elif event.whole("machine_oom_kills"):
        parts.append("while the kernel's OOM killer was at work")
    if event.facts.get("asked"):
        parts.append("as asked")
    return " ".join(parts)


def _restart(event: Event) -> str:
    failures = counted(event.whole("failures") or 1, "failure")
    return f"in {format_time(event.number('seconds') or 0)} ({failures})" if event.number("seconds") else "at once"


def _command(event: Event) -> str:
    units = event.words("units")
    by = f" by {event.text('by')}" if event.text("by") else ""
    return f"procman {event.text('command') or '?'}{by}: {', '.join(units) or 'nothing to do'}"


def _manager(event: Event) -> str:
    said = [f"pid {event.whole('pid')}"]
    if event.whole("units") is not None:
        said.append(counted(event.whole("units") or 0, "instance"))
    if event.facts.get("passive"):
        said.append("another manager has the project, so it starts nothing")
    if event.facts.get("again"):
        said.append("to read its file anew (SIGHUP)")
    return ", ".join(said)


def _reason(event: Event) -> str:
    return event.text("reason") or (f"pid {event.whole('pid')}" if event.whole("pid") else "")


def _start(event: Event) -> str:
    if event.facts.get("retry"):
        return "another try, after it had failed"
    return "again, after a failure" if event.facts.get("again") else ""


def _failed(event: Event) -> str:
    seconds = event.number("seconds")
    return _reason(event) + (f"; tried again in {format_time(round(seconds))}" if seconds is not None else "")


def _replacing(event: Event) -> str:
    return f"{_WAYS.get(event.text('way') or '', '')}{_reason(event)}"


def _lasted(event: Event) -> str:
    return f"within {format_time(event.number('seconds') or 0)}"


def _memory(event: Event) -> str:
    size, limit = event.whole("memory") or 0, event.whole("limit") or 0
    often = ", about every minute" if event.facts.get("often") else ""
    over = f", over it for {format_time(event.number('seconds') or 0)}" if event.number("seconds") else ""
    return f"{format_size(size)} of {format_size(limit)}{over}{often}"


def _hard(event: Event) -> str:
    hard = event.whole("hard")
    when = "from its next start, or when it uses less" if event.facts.get("late") else "from now on"
    return f"{'none' if hard is None else format_size(hard)}, {when}"


def _oom(event: Event) -> str:
    number = event.whole("killed") or 1
    killed = "1 process" if number == 1 else f"{number} processes"
    return f"{killed} of it killed by the kernel for the hard limit, {format_size(event.whole('limit') or 0)}"


def _orphans(event: Event) -> str:
    return f"left behind by an earlier process: pid {', '.join(event.words('pids'))}"


def _verify(event: Event) -> str:
    return f"{event.text('verdict')} {event.text('check')}: {event.text('evidence')}"


def _plain(event: Event) -> str:
    return ", ".join(f"{name} {value}" for name, value in event.facts.items())


_TELLERS = {
    "start": _start,
    "running": _reason,
    "ready": _reason,
    "stopping": _reason,
    "exit": _exit,
    "restart-planned": _restart,
    "completed": lambda event: f"code {event.whole('code')}",
    "failed": _failed,
    "held": _reason,
    "replacing": _replacing,
    "took-over": lambda _event: "new connections go to the replacement, the old process ends",
    "replaced": _lasted,
    "not-replaced": _reason,
    "retiring": _replacing,
    "retired": _lasted,
    "memory-warning": _memory,
    "memory-calm": _memory,
    "memory-limit": _memory,
    "unwell": lambda event: f"{event.whole('failures')} of {event.whole('of')}: {event.text('reason')}",
    "memory-pressure": _reason,
    "memory-restored": lambda _event: "there is room again",
    "hard-limit": _hard,
    "oom-kill": _oom,
    "orphans-ended": _orphans,
    "stalled": lambda event: f"{event.text('step')} kept the manager for {format_time(event.number('seconds') or 0)}",
    "verify": _verify,
    "command": _command,
    "manager-start": _manager,
    "manager-reload": _manager,
    "manager-stop": _manager,
}
