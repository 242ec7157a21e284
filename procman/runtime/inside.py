"""What procman reads and touches of supervisord's own objects, as types. Holds no behaviour.

supervisor 4.3 is published without types; each name below is listed in
``docs/decisions/0003-what-procman-touches-inside-supervisord.md`` with the test that fails when it moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from supervisor.states import ProcessStates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Execve = Callable[[str, list[str], dict[str, str]], None]
    Waitpid = Callable[[], tuple[int | None, int | None]]


ALIVE = (ProcessStates.STARTING, ProcessStates.RUNNING)
"""The states of a process that runs and has not been told to end."""

ENDED = (ProcessStates.EXITED, ProcessStates.BACKOFF, ProcessStates.STOPPED, ProcessStates.FATAL)
"""The states of one that has no process."""


class Logger(Protocol):
    """supervisord's log."""

    def critical(self, text: str) -> None: ...  # noqa: D102 - named by supervisor


class Options(Protocol):
    """The settings, and the system calls, of one run of supervisord; SIGHUP makes a new one."""

    minfds: int
    mood: int
    logger: Logger
    execve: Execve
    waitpid: Waitpid
    process_group_configs: Sequence[GroupConfig]


class LogRecord(Protocol):
    """One piece of what a process wrote."""

    msg: bytes


class ChildLog(Protocol):
    """The log of one process, and what writes it."""

    handlers: list[object]


class Dispatcher(Protocol):
    """One pipe of a process."""

    childlog: ChildLog


class ProcessConfig(Protocol):
    """One ``[program:x]``."""

    name: str
    command: str
    environment: dict[str, str] | None
    autostart: bool
    autorestart: object
    exitcodes: Sequence[int]
    startsecs: int
    stopsignal: int
    stopwaitsecs: int
    stdout_logfile: str | None

    def make_process(self, group: Group) -> Process: ...  # noqa: D102


class Process(Protocol):
    """One program, running or not (`supervisor.process.Subprocess`)."""

    config: ProcessConfig
    state: int
    pid: int
    laststart: float
    laststop: float
    delay: float
    backoff: int
    spawnerr: str | None
    dispatchers: Mapping[int, Dispatcher]
    exitstatus: int | None

    def change_state(self, new_state: int) -> object: ...  # noqa: D102
    def give_up(self) -> None: ...  # noqa: D102
    def spawn(self) -> object: ...  # noqa: D102
    def stop(self) -> object: ...  # noqa: D102


class GroupConfig(Protocol):
    """What a process group was made from; compared with the file by `supervisorctl update`."""

    name: str
    process_configs: Sequence[ProcessConfig]


class Group(Protocol):
    """One process group."""

    config: GroupConfig
    processes: dict[str, Process]

    def stop_all(self) -> None: ...  # noqa: D102


class Supervisord(Protocol):
    """The object that every plugin is given."""

    options: Options
    process_groups: dict[str, Group]
    stop_groups: list[Group]

    def add_process_group(self, config: GroupConfig) -> bool: ...  # noqa: D102
    def remove_process_group(self, name: str) -> bool: ...  # noqa: D102


class StateEvent(Protocol):
    """A change of state: `process` has the new one, `from_state` is the old one."""

    process: Process
    from_state: int


SPARE = "~"
"""What the name of a process ends with that comes or goes beside the one that counts (see `spares`)."""


def processes(supervisord: Supervisord) -> list[Process]:
    """Return every process of every group, spares too."""
    return [p for group in supervisord.process_groups.values() for p in group.processes.values()]


def pids(supervisord: Supervisord) -> set[int]:
    """Return the pids of all that run, or are ending."""
    return {p.pid for p in processes(supervisord) if p.pid}


def mains(supervisord: Supervisord) -> list[Process]:
    """Return the process of every unit that counts."""
    return [p for p in processes(supervisord) if not is_spare(p)]


def alive(supervisord: Supervisord, unit: str) -> list[Process]:
    """Return the processes of `unit` that run and have not been told to end."""
    group = supervisord.process_groups.get(unit)
    return [p for p in group.processes.values() if p.state in ALIVE] if group else []


def unit(process: Process) -> str:
    """Return the name of the unit that `process` is of."""
    return process.config.name.removesuffix(SPARE)


def is_spare(process: Process) -> bool:
    """Tell whether `process` is a replacement that is not ready yet, or one that has been replaced."""
    return process.config.name.endswith(SPARE)
