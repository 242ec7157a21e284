"""Puts what supervisord knows into one JSON text: the answer to `procman.status`. Reads, changes nothing.

JSON inside XML-RPC, because XML cannot carry control characters and JSON has null; one call, because supervisord
answers one request per turn of its loop.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Protocol

from supervisor.states import getProcessStateDescription, getSupervisorStateDescription

from procman.runtime import inside, proc, restarts, specfile

if TYPE_CHECKING:
    from procman.runtime.claim import Claim
    from procman.runtime.dependencies import Dependencies
    from procman.runtime.inside import Process, Supervisord
    from procman.runtime.keeper import Keeper
    from procman.runtime.listeners import Listeners
    from procman.runtime.readiness import Readiness
    from procman.runtime.restarts import Restarts
    from procman.runtime.rolling import Rolling


class Known(Protocol):
    """What the plugin keeps, as far as it is reported."""

    adopts: bool
    claim: Claim
    dependencies: Dependencies
    ended: list[str]
    keeper: Keeper
    listeners: Listeners
    readiness: Readiness
    restarts: Restarts
    rolling: Rolling
    supervisord: Supervisord


def status(core: Known) -> str:
    """Return the whole report; its fields are those of `core.observed`."""
    supervisord = core.supervisord
    return json.dumps(
        {
            "schema_version": 1,
            "pid": os.getpid(),
            "start_time_ticks": proc.start_ticks(os.getpid()),
            "passive": not core.claim.held,
            "adopts": core.adopts,
            "cgroup": core.keeper.group_words(),
            "placement": core.listeners.placement(),
            "ended": core.ended,
            "now": time.time(),
            "state": getSupervisorStateDescription(supervisord.options.mood),
            "units": [_said(_unit(p, core)) for p in inside.mains(supervisord)],
        },
        separators=(",", ":"),
    )


def _said(facts: dict[str, object]) -> dict[str, object]:
    """Return `facts` without what is not known: supervisord sends 4 KiB in each turn of its loop."""
    return {name: fact for name, fact in facts.items() if fact is not None}


def _unit(process: Process, core: Known) -> dict[str, object]:
    config = process.config
    record, lacks = core.restarts.record(config.name), core.dependencies.lacking(config.name)
    alive = bool(process.pid)
    inodes = core.listeners.inodes(config.name)
    job = core.rolling.job(config.name)
    return {
        "unit": config.name,
        "statename": getProcessStateDescription(process.state),
        "pid": process.pid or None,
        "started": process.laststart or None,
        "stopped": process.laststop or None,
        "restarts": record.restarts,
        "spec": specfile.last_argument(config.command),
        "exit": record.exit,
        "reason": record.given_up or (None if alive else restarts.why(process, record)),
        "held": record.held,
        "autostart": bool(config.autostart) or bool(lacks.waits),
        "slot_inode": inodes[0] if inodes else None,
        "ready": core.readiness.ready(process),
        "awaits": core.readiness.awaits(process),
        "queued": core.listeners.queued(config.name),
        "job": job and {"number": job.number, "phase": job.phase, "reason": job.reason, "why": job.why},
        **core.keeper.of(config.name, process.pid),
        "completed": record.completed,
        "retry_at": restarts.due(process, record),
        "waits": lacks.waits or None,
        "blocked": lacks.blocked or None,
    }
