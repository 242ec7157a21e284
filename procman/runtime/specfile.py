"""What the plugin needs of a spec file: where the instance listens, and how it says that it is ready."""

from __future__ import annotations

import functools
import shlex

from procman.core.records import unpack
from procman.runtime import procfs, sockets
from procman.runtime.exits import Refused
from procman.runtime.http_answer import Good

READY_TIMEOUT = 10.0
_QUOTING = frozenset("'\"\\\t\n#")


class Known:
    """One spec. `alone`: there must never be two of it; `binds`: the program opens its own sockets.

    `ready` and `alive`: kinds of probe and their arguments, in order. `alive_times`: interval, timeout, failures and
    start period; `ready_times`: time for one look, interval (0: as often as is cheap), successes and start period.
    `hears`: a line of its output makes it ready. `programs`: what its probes run, for words; `good`: their good answers
    in HTTP.
    """

    __slots__ = (
        *("alive", "alive_times", "alone", "binds", "good", "hears", "path", "places", "programs"),
        *("ready", "ready_timeout", "ready_times", "start_time"),
    )

    def __init__(self, records: list[tuple[str, str]], path: str = "") -> None:
        one = dict(records)
        self.path = path
        self.places = tuple(sockets.where(value) for name, value in records if name == "listen")
        self.alone = "lock" in one
        self.binds = "binds" in one
        self.alive = tuple(value.partition(" ")[::2] for name, value in records if name == "alive")
        self.alive_times = tuple(map(float, one.get("alive-times", "10 2 3 0").split(" ")))
        self.ready = tuple(value.partition(" ")[::2] for name, value in records if name == "ready")
        self.hears = any(kind == "log" for kind, _ in self.ready)
        self.ready_times = tuple(map(float, one.get("ready-times", "2 0 1 0").split(" ")))
        self.programs = {kind: next((v for n, v in records if n == f"{kind}-exec"), "") for kind in ("ready", "alive")}
        self.good = {kind: _good(one.get(f"{kind}-status"), one.get(f"{kind}-body")) for kind in ("ready", "alive")}
        self.ready_timeout = float(one.get("ready-timeout", READY_TIMEOUT))
        self.start_time = float(one.get("start-time", 1.0))


def _good(statuses: str | None, body: str | None) -> Good:
    text = None if body is None else body.encode("utf-8", "surrogateescape")
    if statuses is None:
        return Good(body=text)
    pairs = (part.partition("-")[::2] for part in statuses.split(" "))
    return Good(tuple((int(low), int(high)) for low, high in pairs), text)


def of(command: str) -> Known:
    """Return what the spec file named last in `command` says; what a bare process is when there is none."""
    return at(last_argument(command))


def at(path: str) -> Known:
    """Return what the spec file at `path` says; what a bare process is when it cannot be read."""
    try:
        return _read(path)
    except (ValueError, Refused, OSError):
        return Known([])


@functools.lru_cache(maxsize=256)
def last_argument(command: str) -> str:
    """Return the last argument of `command`, empty when it has none."""
    if not set(command) & _QUOTING:  # as good as always, and 1 ms cheaper
        return (command.split() or [""])[-1]
    try:
        return shlex.split(command)[-1]
    except (ValueError, IndexError):
        return ""


@functools.lru_cache(maxsize=256)
def _read(path: str) -> Known:
    """Read a spec once: its name changes with its content. What cannot be read is tried again."""
    return Known(unpack(procfs.read(path) or b""), path)
