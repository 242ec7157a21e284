"""Who holds a singleton's locks on this host. Asks the very question that the launcher asks, and takes nothing."""

from __future__ import annotations

import os

from procman.core.spec import Spec
from procman.runtime import locks as host_locks
from procman.runtime.exits import Refused
from procman.runtime.survivors import SURVIVOR, Identity


def held_elsewhere(spec: Spec) -> str | None:
    """Return who holds what `spec` would take, or why that cannot be known; None when a start would get it.

    What a dead manager left behind is no obstacle: the launcher ends it.
    """
    claims = [str(lock) for lock in spec.locks]
    if not claims:
        return None
    me = Identity(os.fsencode(spec.state), spec.unit.encode(), host_locks.cookie(claims), b"")
    try:
        verdict = host_locks.probe(claims, me)
    except Refused as refused:
        return str(refused)
    return None if verdict.answer in (host_locks.FREE, SURVIVOR) else verdict.reason
