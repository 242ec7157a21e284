"""Values for the life of a service: when it counts as started, when it starts again, how far another must be first."""

from __future__ import annotations

from enum import StrEnum

from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """`time`: how long a new process must stay up to count as started, in seconds."""

    time: float = 1.0


@dataclass(frozen=True, slots=True)
class Alive:
    """How it is told that a ready instance still works. Times in seconds; `failures` looks in a row must fail."""

    http: str | None = None
    tcp: bool = False
    notify: bool = False
    interval: float = 10.0
    timeout: float = 2.0
    failures: int = 3
    start_period: float = 0.0


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
