"""Who holds a singleton's locks on this host. Asks the very question that the launcher asks, and takes nothing."""

from __future__ import annotations

import os

from procman.core.spec import Spec
from procman.runtime import locks as host_locks
from procman.runtime.exits import Refused
from procman.runtime.survivors import OWN, SURVIVOR, Identity


def held_elsewhere(spec: Spec, manager: str = "") -> str | None:
    """Return who holds what `spec` would take, or why that cannot be known; None when a start would get it.

    What a dead manager left behind is no obstacle: the launcher ends it. Nor is what the project's own manager
    (``PID.STARTTIME``) runs: it is stopped before anything is started.
    """
    claims = [str(lock) for lock in spec.locks]
    if not claims:
        return None
    me = Identity(os.fsencode(spec.state), spec.unit.encode(), host_locks.cookie(claims), manager.encode())
    try:
        verdict = host_locks.probe(claims, me)
    except Refused as refused:
        return str(refused)
    return None if verdict.answer in (host_locks.FREE, SURVIVOR, OWN) else verdict.reason
