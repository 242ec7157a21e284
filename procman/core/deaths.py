"""Why each process died, from the events of the journal: what is known, and who sent a signal where that can be. Pure.

The kernel tells a parent which signal ended a child, never whose it was. So a sender is named only where there is a
trace of him: our own stop and its reason, an operator's command just before, a count of kills by the kernel.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping
from enum import StrEnum

from procman.core.events import Event, ending
from procman.core.quantity import format_size, format_time
from procman.core.rolling import BESIDE
from procman.core.values import dataclass, replace

COMMAND_SECONDS = 900.0
"""An operator's command is named for a stop that follows within this time."""

_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGSYS, signal.SIGTRAP)
_HEAP = ("heap out of memory", "OutOfMemoryError", "MemoryError")


class Cause(StrEnum):
    """What ended a process."""

    MEMORY = "memory-limit"
    HARD = "hard-limit"
    KERNEL = "kernel-oom"
    HEAP = "heap"
    OPERATOR = "operator"
    MANAGER = "manager-stop"
    LOST = "manager-died"
    PROCMAN = "procman"
    UNWELL = "unwell"
    CLIENT = "control-socket"
    CRASH = "crash"
    SIGNAL = "signal"
    EXIT = "exit"


@dataclass(frozen=True, slots=True)
class Death:
    """One end of one process. `at` in seconds since the epoch, `uptime` in seconds, sizes in bytes.

    `ended`: its exit code or signal in words; `sender`: who ended it, as far as that is known; `overdue`: it did not
    end in its stop time and was killed. `log`: inode and two offsets of its own lines in the instance's log; `words`
    are the last of them. `restarts`: how often the instance was started again within an hour before.
    """

    at: float
    unit: str
    cause: Cause
    sender: str
    ended: str = ""
    pid: int | None = None
    code: int | None = None
    signal: int | None = None
    uptime: float | None = None
    memory: int | None = None
    peak: int | None = None
    available: int | None = None
    restarts: int = 0
    overdue: bool = False
    log: tuple[int, int, int] | None = None
    words: tuple[str, ...] = ()

    @property
    def wanted(self) -> bool:
        """Tell whether somebody asked for it, so that it is no fault of the service."""
        return self.cause in (Cause.OPERATOR, Cause.MANAGER, Cause.PROCMAN, Cause.CLIENT)

    @property
    def phrase(self) -> str:
        """Return it in one phrase."""
        late = ", and killed when it did not end in its stop time" if self.overdue else ""
        return f"{self.ended}, {self.sender}{late}" if self.ended else self.sender


def deaths(events: Iterable[Event]) -> tuple[Death, ...]:
    """Return every death that `events`, in their order, tell of; the newest last."""
    seen = _Seen()
    found: list[Death] = []
    for event in events:
        found += seen.take(event)
        if event.event == "not-replaced":
            _not_taken(found, event)
    return tuple(found)


def _not_taken(found: list[Death], event: Event) -> None:
    """Let the death of a replacement that was given up say so: who asked for it did not ask for its end."""
    began, why = event.at - (event.number("seconds") or 0.0), event.text("reason") or "was not taken"
    place = next((n for n in range(len(found) - 1, -1, -1) if found[n].unit == event.unit), -1)
    if (
        event.text("way") == BESIDE
        and place >= 0
        and found[place].at >= began
        and found[place].cause in (Cause.OPERATOR, Cause.CLIENT)
    ):
        sender = f"stopped by procman: a replacement that {why}"
        found[place] = replace(found[place], cause=Cause.PROCMAN, sender=sender)


class _Seen:
    """What has been seen of each instance up to one event."""

    def __init__(self) -> None:
        self._alive: dict[str, Event] = {}
        self._asked: dict[str, Event] = {}
        self._starts: dict[str, list[float]] = {}
        self._command: dict[str, Event] = {}
        self._unwell: dict[str, Event] = {}
        self._manager: Event | None = None
        self._stopped: Event | None = None

    def take(self, event: Event) -> list[Death]:
        """Follow `event`; return the deaths that it tells of."""
        match event.event:
            case "command":
                self._command |= dict.fromkeys(event.words("units"), event)
            case "start":
                self._alive[event.unit] = event
                self._asked.pop(event.unit, None)
                self._unwell.pop(event.unit, None)
                if event.facts.get("again"):
                    self._starts.setdefault(event.unit, []).append(event.at)
            case "running":
                self._alive[event.unit] = event
            case "stopping":
                self._asked[event.unit] = event
            case "unwell" if (event.whole("failures") or 0) >= (event.whole("of") or 1):
                self._unwell[event.unit] = event
            case "manager-stop":
                self._stopped = event
            case "manager-start" if not event.facts.get("passive"):
                return self._lost(event)
            case "exit":
                self._alive.pop(event.unit, None)
                return [self._death(event)]
        return []

    def _lost(self, event: Event) -> list[Death]:
        """Return what was alive when the manager before ended without a word."""
        before, self._manager = self._manager, event
        left, self._alive = self._alive, {}
        if before is None:
            return []
        who = f"died with its manager, pid {before.whole('pid')}, which ended without a word: "
        rebooted = before.text("boot") != event.text("boot")
        who += "the machine was started anew" if rebooted else "it was killed"
        return [Death(event.at, unit, Cause.LOST, who, pid=seen.whole("pid")) for unit, seen in left.items()]

    def _death(self, event: Event) -> Death:
        number = event.whole("signal")
        asked = bool(event.facts.get("asked"))
        unwell = self._unwell.pop(event.unit, None)
        cause, sender = self._asked_for(event) if asked else _unasked(event)
        if not asked and unwell is not None and cause is not Cause.HARD:
            looks = unwell.whole("failures") or 1
            reason = unwell.text("reason") or "no reason is known"
            cause, sender = Cause.UNWELL, f"ended by procman: unwell in {looks} looks of its alive probe: {reason}"
        log = event.facts.get("log")
        hour = [at for at in self._starts.get(event.unit, ()) if at > event.at - 3600]
        return Death(
            at=event.at,
            unit=event.unit,
            cause=cause,
            sender=sender,
            ended=ending(event),
            pid=event.whole("pid"),
            code=event.whole("code"),
            signal=number,
            uptime=event.number("uptime"),
            memory=event.whole("memory"),
            peak=event.whole("peak"),
            available=event.whole("available"),
            restarts=len(hour),
            overdue=asked and number == signal.SIGKILL,
            log=(log[0], log[1], log[2]) if isinstance(log, list) and len(log) == 3 else None,  # noqa: PLR2004
        )

    def _asked_for(self, event: Event) -> tuple[Cause, str]:
        stop = self._asked.pop(event.unit, None)
        reason = stop.text("reason") if stop else None
        command = self._command.get(event.unit)
        if command is not None and event.at - command.at > COMMAND_SECONDS:
            command = None
        said = f"procman {command.text('command')} by {command.text('by')}" if command else ""
        if reason is not None and reason.startswith("memory limit"):
            return Cause.MEMORY, f"stopped by procman: {reason}"
        if reason == "the manager stops":
            if self._stopped is not None and self._stopped.facts.get("again"):
                return Cause.MANAGER, "stopped because the manager reads its file anew (SIGHUP)"
            return Cause.MANAGER, f"stopped with the manager{': ' + said if said else ''}"
        if reason is not None:
            return Cause.PROCMAN, f"stopped by procman: {reason}"
        if said:
            return Cause.OPERATOR, f"stopped by an operator: {said}"
        return Cause.CLIENT, "stopped through the control socket by another program, such as supervisorctl"


def _unasked(event: Event) -> tuple[Cause, str]:
    number = event.whole("signal")
    if event.whole("oom_kills"):
        hard = event.whole("hard")
        return Cause.HARD, f"killed by the kernel for its hard memory limit{f', {format_size(hard)}' if hard else ''}"
    if number is None:
        if event.whole("code"):
            return Cause.CRASH, "it failed by itself"
        return Cause.EXIT, "it ended by itself, without an error"
    if number in _CRASHES:
        return Cause.CRASH, "a crash of its own"
    if number == signal.SIGKILL and event.whole("machine_oom_kills"):
        return Cause.KERNEL, "killed by the kernel's OOM killer, which was at work just then: out of memory"
    return Cause.SIGNAL, "not sent by procman; the kernel does not tell who sent a signal"


def with_words(death: Death, words: tuple[str, ...]) -> Death:
    """Return `death` with the last lines that its process wrote, which may tell the cause."""
    if death.cause is Cause.CRASH and any(mark in line for line in words for mark in _HEAP):
        return replace(death, words=words, cause=Cause.HEAP, sender="its own heap was full, as its last words say")
    return replace(death, words=words)


def with_kernel_log(death: Death, kills: Mapping[int, tuple[float, str]]) -> Death:
    """Return `death` with what the kernel's log says of its pid: when, and in which words it was killed."""
    known = kills.get(death.pid or 0)
    if known is None or abs(known[0] - death.at) > 60 or death.signal != signal.SIGKILL:  # noqa: PLR2004 - seconds
        return death
    sender = f"{death.sender}; kernel log: {known[1]}"
    if death.cause is Cause.SIGNAL:
        return replace(death, cause=Cause.KERNEL, sender=f"killed by the kernel's OOM killer; kernel log: {known[1]}")
    return replace(death, sender=sender)


def around(death: Death) -> str:
    """Return in words what was measured around a death; empty when nothing was."""
    said = []
    if death.uptime is not None:
        said.append(f"ran {format_time(death.uptime)}")
    if death.peak is not None:
        said.append(f"memory {format_size(death.memory or death.peak)}, at most {format_size(death.peak)}")
    if death.available is not None:
        said.append(f"the machine had {format_size(death.available)} available")
    if death.restarts:
        said.append(f"restarts in the hour before: {death.restarts}")
    return "; ".join(said)
