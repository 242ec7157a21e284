"""Values for the life of a service: when it counts as started, when it starts again, how far another must be first."""

from __future__ import annotations

from enum import StrEnum

from procman.core.places import Address
from procman.core.values import dataclass

Statuses = tuple[tuple[int, int], ...]
"""Ranges of HTTP statuses, both ends included."""

GOOD: Statuses = ((200, 399),)
READY_KINDS = ("notify", "ipc", "log", "tcp", "http", "exec")
ALIVE_KINDS = ("notify", "tcp", "http", "exec")


@dataclass(frozen=True, slots=True)
class Start:
    """`time`: how long a new process must stay up to count as started, in seconds."""

    time: float = 1.0


@dataclass(frozen=True, slots=True)
class Ready:
    """When an instance counts as ready. Each kind that is set must say yes; times in seconds.

    It accepts, or says so itself (`notify`, `ipc`), lets itself be connected to (`tcp`, True: on its own addresses),
    answers at `http`, writes a line with `log`, and `command` ends with 0. `attempt` is for one look, `timeout` for all
    of it after `start_period`; `interval` None: as often as is cheap.
    """

    http: str | None = None
    timeout: float = 10.0
    notify: bool = False
    ipc: bool = False
    tcp: Address | bool = False
    command: tuple[str, ...] = ()
    log: str | None = None
    status: Statuses = GOOD
    body: str | None = None
    attempt: float = 2.0
    interval: float | None = None
    successes: int = 1
    start_period: float = 0.0

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that are set, in the order in which they are asked."""
        known = (self.notify, self.ipc, self.log is not None, self.tcp, self.http is not None, self.command)
        return tuple(kind for kind, there in zip(READY_KINDS, known, strict=True) if there)

    @property
    def placeless(self) -> bool:
        """Tell whether something is asked that needs no `listen`."""
        return isinstance(self.tcp, Address) or not {*self.kinds} <= {"http", "tcp"}


@dataclass(frozen=True, slots=True)
class Alive:
    """How it is told that a ready instance still works. Times in seconds; `failures` looks in a row must fail."""

    http: str | None = None
    tcp: Address | bool = False
    notify: bool = False
    interval: float = 10.0
    timeout: float = 2.0
    failures: int = 3
    start_period: float = 0.0
    command: tuple[str, ...] = ()
    status: Statuses = GOOD
    body: str | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that are set, in the order in which they are asked."""
        known = (self.notify, self.tcp, self.http is not None, self.command)
        return tuple(kind for kind, there in zip(ALIVE_KINDS, known, strict=True) if there)

    @property
    def placeless(self) -> bool:
        """Tell whether something is asked that needs no `listen`."""
        return isinstance(self.tcp, Address) or not {*self.kinds} <= {"http", "tcp"}


class Policy(StrEnum):
    """After which end a process is started again."""

    ALWAYS = "always"
    ON_FAILURE = "on-failure"
    NEVER = "never"


class Until(StrEnum):
    """How far another service must have come before one that depends on it is started."""

    STARTED = "started"
    READY = "ready"
    COMPLETED = "completed"
