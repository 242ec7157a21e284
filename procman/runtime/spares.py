"""A second process of one unit, in supervisord's memory: one that comes, or one that goes.

The group of a unit gets another `Subprocess`, named ``UNIT~``, which touches nobody. When it is ready the two change
names, and the group takes over the configuration that the new one was made from: memory then is what the file says, and
a `supervisorctl update` changes nothing. Never called from within a change of state: supervisord walks its groups then.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from supervisor.states import ProcessStates

from procman.runtime import inside

if TYPE_CHECKING:
    from procman.runtime.inside import Group, GroupConfig, Process, ProcessConfig

DOWN = (ProcessStates.STOPPED, ProcessStates.EXITED, ProcessStates.FATAL)


def add(group: Group, config: GroupConfig) -> Process:
    """Add a process made from `config` beside the one of `group`, and start it; LookupError when there is no such."""
    main = _only(config)
    spare = _as_spare(main).make_process(group)
    group.processes[spare.config.name] = spare
    spare.spawn()
    return spare


def of(group: Group) -> Process | None:
    """Return the second process of `group`, or None."""
    return next((p for p in group.processes.values() if inside.is_spare(p)), None)


def main_of(group: Group) -> Process | None:
    """Return the process of `group` that counts, or None."""
    return next((p for p in group.processes.values() if not inside.is_spare(p)), None)


def swap(group: Group, config: GroupConfig) -> None:
    """Let the second process of `group` be the one that counts, and the other the second; it runs by `config` now."""
    old, new = main_of(group), of(group)
    if old is None or new is None:
        raise LookupError(f"{group.config.name} has no two processes")
    old.config, new.config = _as_spare(old.config), _only(config)
    group.processes = {new.config.name: new, old.config.name: old}
    group.config = config


def forget(group: Group) -> None:
    """Take the second process, which is down, out of `group`."""
    spare = of(group)
    if spare is not None and not spare.pid:
        group.processes = {name: p for name, p in group.processes.items() if p is not spare}


def is_down(process: Process) -> bool:
    """Tell whether `process` has ended and nothing will start it by itself."""
    return not process.pid and process.state in DOWN


def stop(process: Process | None) -> None:
    """Stop `process` if it runs, or would be started again."""
    if process is not None and process.state in (*inside.ALIVE, ProcessStates.BACKOFF):
        process.stop()


def _only(config: GroupConfig) -> ProcessConfig:
    if len(config.process_configs) != 1:
        raise LookupError(f"{config.name} is no unit of procman's")
    return config.process_configs[0]


def _as_spare(config: ProcessConfig) -> ProcessConfig:
    """Return `config` under the other name, and never started by supervisord itself."""
    changed = copy.copy(config)
    changed.name = config.name + inside.SPARE
    changed.autostart = changed.autorestart = False
    return changed
