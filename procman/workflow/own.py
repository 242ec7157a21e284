"""What a project itself uses of the machine now: no need of others, when a plan for it is made."""

from __future__ import annotations

import os
from collections.abc import Mapping

from procman.adapters import state as states
from procman.core.errors import ProcmanError


def memory(project: str, environment: Mapping[str, str]) -> int:
    """Return the bytes of the manager's whole process tree; 0 when none can be reached. Makes no call to it."""
    try:
        socket = states.state_for(project, environment).socket
    except ProcmanError:
        return 0
    if not os.path.exists(socket):  # noqa: PTH110
        return 0
    from procman.adapters import processes, supervisor_rpc  # noqa: PLC0415 - where nothing runs, none of it is needed

    try:
        manager = supervisor_rpc.peer_pid(socket)
    except ProcmanError:
        return 0
    return processes.memory(processes.tree(manager, processes.parents()))
