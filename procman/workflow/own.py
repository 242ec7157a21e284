"""What a project itself uses of the machine now: no need of others, when a plan for it is made."""

from __future__ import annotations

from collections.abc import Mapping

from procman.adapters import processes, supervisor_rpc
from procman.adapters import state as states
from procman.core.errors import ProcmanError


def memory(project: str, environment: Mapping[str, str]) -> int:
    """Return the bytes of the manager's whole process tree; 0 when none can be reached. Makes no call to it."""
    try:
        manager = supervisor_rpc.peer_pid(states.state_for(project, environment).socket)
    except ProcmanError:
        return 0
    return processes.memory(processes.tree(manager, processes.parents()))
