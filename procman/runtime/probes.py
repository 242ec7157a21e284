"""The kinds of probe: how it is told that an instance is ready, or well. A new one is a class and a line in `KINDS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from procman.runtime import listening, sockets
from procman.runtime.http_probe import Http
from procman.runtime.probe import Settled
from procman.runtime.sockets import Address, Where

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.border import Around
    from procman.runtime.errands import Errands
    from procman.runtime.notices import Notices
    from procman.runtime.probe import Probe, Subject
    from procman.runtime.specfile import Known


class Listening(Settled):
    """It waits for connections on each of its held sockets, as seen from outside."""

    def __init__(self, places: tuple[Where, ...]) -> None:
        self.awaits = f"it does not wait for connections on {' and '.join(map(str, places))}"

    def look(self, subject: Subject) -> bool:
        """Tell whether it, or its tree, does for each."""
        inodes = subject.inodes()
        if not inodes:
            return False
        if all(listening.waits(subject.pid, inode) for inode in inodes):
            return True
        tree = subject.tree()
        return all(any(listening.waits(pid, inode) for pid in tree) for inode in inodes)


class Bound(Settled):
    """It has a listening socket of its own on the port: for servers that take neither descriptors nor a preload."""

    def __init__(self, places: tuple[Where, ...]) -> None:
        self._ports = tuple(place.port for place in places if isinstance(place, Address))
        self.awaits = f"it does not listen on port {' and '.join(map(str, self._ports))}"

    def look(self, subject: Subject) -> bool:
        """Tell whether something of the tree holds a listening socket on each port."""
        from procman.runtime import proc  # noqa: PLC0415 - rarely needed

        tree = subject.tree()
        return all(
            any(listening.holds(pid, inode) for inode in proc.listening_inodes(port) for pid in tree)
            for port in self._ports
        )


class Notified(Settled):
    """It says READY=1 over NOTIFY_SOCKET, see sd_notify(3)."""

    def __init__(self, notices: Notices, awaits: str = "it has not said READY=1 to NOTIFY_SOCKET") -> None:
        self._notices = notices
        self.awaits = awaits

    def look(self, subject: Subject) -> bool:
        """Tell whether it, or one of its tree, has said so."""
        return self._notices.said_ready(subject.pid)


class Watchdog(Settled):
    """It has said WATCHDOG=1 within the last interval, see sd_notify(3)."""

    def __init__(self, notices: Notices, interval: float) -> None:
        self._notices = notices
        self._interval = interval
        self.awaits = f"no WATCHDOG=1 to NOTIFY_SOCKET within {interval:g} s"

    def look(self, subject: Subject) -> bool:
        """Tell whether it, or one of its tree, has."""
        return self._notices.said_alive(subject.pid, self._interval)


class Means(NamedTuple):
    """What probes work with."""

    notices: Notices
    errands: Errands
    around: Around


def alive(spec: Known, means: Means) -> list[Probe]:
    """Return the probes that a ready process of `spec` must pass in each look, in this order."""
    found: list[Probe] = []
    place, within = _asked_at(spec), spec.alive_times[1]
    for kind, argument in spec.alive:
        if kind == "notify":
            found.append(Watchdog(means.notices, spec.alive_times[0]))
        elif kind == "exec":
            found.append(_exec(spec, means, "alive", within))
        elif kind == "tcp" and argument:
            found.append(Http(sockets.where(argument), None, spec.good["alive"], within, own=False))
        elif place is not None:
            path = argument if kind == "http" else None
            found.append(Http(place, path, spec.good["alive"], within, own=not spec.binds))
    return found


def of(spec: Known, means: Means) -> list[Probe]:
    """Return the probes that a process of `spec` must pass, in this order."""
    found: list[Probe] = []
    if spec.places and not any(kind in _INSTEAD or (kind == "tcp" and not argument) for kind, argument in spec.ready):
        found.append(Bound(spec.places) if spec.binds else Listening(spec.places))
    for kind, argument in spec.ready:
        if kind in KINDS:
            found += KINDS[kind](argument, spec, means)
    return found or [Settled()]


def _http(argument: str, spec: Known, _means: Means) -> list[Probe]:
    place = _asked_at(spec)
    if place is None:
        return []
    return [Http(place, argument, spec.good["ready"], spec.ready_times[0], own=not spec.binds)]


def _tcp(argument: str, spec: Known, _means: Means) -> list[Probe]:
    places = (sockets.where(argument),) if argument else spec.places
    own, good, within = not argument and not spec.binds, spec.good["ready"], spec.ready_times[0]
    return [Http(place, None, good, within, own=own) for place in places]


def _exec(spec: Known, means: Means, kind: str, within: float) -> Probe:
    from procman.runtime.exec_probe import Exec  # noqa: PLC0415 - most projects have none

    return Exec(means.errands, spec, kind, within)


def _log(pattern: str, _spec: Known, means: Means) -> list[Probe]:
    from procman.runtime.log_probe import Line  # noqa: PLC0415 - most projects have none

    return [Line(pattern, means.around)]


def _asked_at(spec: Known) -> Where | None:
    """Return where a probe asks: the first TCP address, else the first unix socket, else nowhere."""
    return next((place for place in spec.places if isinstance(place, Address)), next(iter(spec.places), None))


_INSTEAD = ("notify", "ipc")
"""Kinds that stand for being seen to wait for connections."""

KINDS: dict[str, Callable[[str, Known, Means], list[Probe]]] = {
    "http": _http,
    "tcp": _tcp,
    "exec": lambda _, spec, means: [_exec(spec, means, "ready", spec.ready_times[0])],
    "log": _log,
    "notify": lambda _argument, _spec, means: [Notified(means.notices)],
    "ipc": lambda _argument, _spec, means: [Notified(means.notices, "it has not called process.send('ready')")],
}
"""What makes the probes of the kind that a ``ready`` record names, from its argument."""
