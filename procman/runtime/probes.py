"""The kinds of probe: how it is told that an instance is ready. A new kind is one class and one line in `KINDS`.

A probe belongs to one start of one process. `look` is called again and again until it returns True; it must return at
once, and it must say True of no process but the one it was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from procman.runtime import listening
from procman.runtime.http_probe import Http
from procman.runtime.sockets import Address, Where

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.notices import Notices
    from procman.runtime.specfile import Known


class Subject(NamedTuple):
    """The process that is looked at, by its pid.

    `tree`: it and its descendants, up to 0.1 s old and some milliseconds dear.
    `settled`: it has stayed up for its start time. `inodes`: its listening sockets. `aim`: from now on, connections to
    that place from that source port come to its slot and no other; None ends it.
    """

    pid: int
    tree: Callable[[], list[int]]
    settled: Callable[[], bool]
    inodes: Callable[[], list[int]]
    aim: Callable[[Where, int | None], None]


class Probe(Protocol):
    """`awaits`: in words what is missing. `busy`: something is under way that goes on in milliseconds."""

    @property
    def awaits(self) -> str: ...  # noqa: D102 - see above

    @property
    def busy(self) -> bool: ...  # noqa: D102 - see above

    def look(self, subject: Subject) -> bool:
        """Tell whether `subject` passes now."""
        ...

    def end(self) -> None:
        """Give back whatever is held: it has passed, or the process is gone."""
        ...


class Settled:
    """It has stayed up for its start time: all that can be said of a process that does not listen."""

    busy = False
    awaits = "it has not stayed up for its start time yet"

    def look(self, subject: Subject) -> bool:
        """Tell whether it has."""
        return subject.settled()

    def end(self) -> None:
        """Hold nothing."""


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

    awaits = "it has not said READY=1 to NOTIFY_SOCKET"

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

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


def alive(spec: Known, notices: Notices) -> list[Probe]:
    """Return the probes that a ready process of `spec` must pass in each look, in this order."""
    found: list[Probe] = []
    place = _asked_at(spec)
    for kind, argument in spec.alive:
        if kind == "notify":
            found.append(Watchdog(notices, spec.alive_times[0]))
        elif place is not None:
            found.append(Http(place, argument if kind == "http" else None, own=not spec.binds))
    return found


def of(spec: Known, notices: Notices) -> list[Probe]:
    """Return the probes that a process of `spec` must pass, in this order."""
    found: list[Probe] = []
    kinds = [kind for kind, _ in spec.ready]
    if spec.places and "notify" not in kinds:
        found.append(Bound(spec.places) if spec.binds else Listening(spec.places))
    found += [KINDS[kind](argument, spec, notices) for kind, argument in spec.ready if kind in KINDS]
    return found or [Settled()]


def _http(argument: str, spec: Known, _notices: Notices) -> Probe:
    place = _asked_at(spec)
    return Settled() if place is None else Http(place, argument, own=not spec.binds)


def _asked_at(spec: Known) -> Where | None:
    """Return where a probe asks: the first TCP address, else the first unix socket, else nowhere."""
    return next((place for place in spec.places if isinstance(place, Address)), next(iter(spec.places), None))


def _notify(_argument: str, _spec: Known, notices: Notices) -> Probe:
    return Notified(notices)


KINDS: dict[str, Callable[[str, Known, Notices], Probe]] = {"http": _http, "notify": _notify}
"""What makes a probe of the kind that a ``ready`` record names, from its argument."""
