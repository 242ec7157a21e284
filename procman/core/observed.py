"""What runs now and when it was seen: the plugin's report as values. Reads nothing itself."""

from __future__ import annotations

from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Capped:
    """How one instance stands to its memory limits, in bytes. `near`: it comes near the soft one.

    `replaced`: how often it was replaced for its memory; `often`: about every minute. `by`: what enforces the hard one.
    """

    soft: int | None = None
    hard: int | None = None
    near: bool = False
    replaced: int = 0
    often: bool = False
    by: str | None = None
    shed: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A replacement or retirement of one instance: `phase` is of `core.rolling`, `why` says why it failed."""

    number: int
    phase: str
    reason: str
    why: str | None = None


@dataclass(frozen=True, slots=True)
class ObservedUnit:
    """One instance as supervisord knows it. Times are seconds since the epoch, None for never.

    `restarts` counts automatic ones since an operator started the unit; `spec` is the path of its spec file;
    `exit` is how its last process ended; `held` says who has the lock it waits for; `slot_inode` is its
    listening socket's; `queued` connections wait there. `ready`: every probe has passed since it was started, else
    `awaits` says what is missing; `job` is the last replacement. `memory_peak` and `memory_usual` are bytes of the
    whole process tree since the unit was added, out of `memory_samples` looks. `completed`: it ended as it should.
    `waits`: what it is not started before, `blocked`: why that will not come by itself; `retry_at`: when what has
    ended by itself, or was given up, is started again.
    """

    unit: str
    statename: str
    pid: int | None = None
    started: float | None = None
    stopped: float | None = None
    restarts: int = 0
    spec: str = ""
    exit: str | None = None
    reason: str | None = None
    held: str | None = None
    autostart: bool = True
    slot_inode: int | None = None
    memory_peak: int | None = None
    memory_usual: int | None = None
    memory_samples: int = 0
    memory: Capped = Capped()
    ready: bool = False
    awaits: str | None = None
    queued: int = 0
    job: Job | None = None
    completed: bool = False
    waits: str | None = None
    blocked: str | None = None
    retry_at: float | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """One project's manager and its units, seen at `seen_at` (seconds since the epoch, the manager's clock).

    `manager_start` is field 22 of its ``/proc/PID/stat``, which with the pid names a process for good. `passive`:
    another supervisord has the project, this one starts nothing. `adopts`: orphans of its services fall to it; `ended`:
    those it ended last, in words. `cgroup`: the version of the control groups that hold hard limits, or
    `cgroup_reason` says why there are none. `placement`: how an instance is chosen for a new connection, where there
    are several: "round-robin", or "hash" and `placement_reason`.
    """

    manager_pid: int
    state: str
    seen_at: float
    units: tuple[ObservedUnit, ...] = ()
    manager_start: int = 0
    passive: bool = False
    adopts: bool = False
    cgroup: int | None = None
    cgroup_reason: str | None = None
    placement: str | None = None
    placement_reason: str | None = None
    ended: tuple[str, ...] = ()

    def unit(self, name: str) -> ObservedUnit | None:
        """Return the unit called `name`, or None."""
        return next((u for u in self.units if u.unit == name), None)
