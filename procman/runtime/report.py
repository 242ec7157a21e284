"""Puts what supervisord knows into one JSON text: the answer to `procman.status`. Reads, changes nothing.

JSON inside XML-RPC, because XML cannot carry control characters and JSON has null; one call, because supervisord
answers one request per turn of its loop.
"""

from __future__ import annotations

import functools
import json
import os
import shlex
import time
from typing import TYPE_CHECKING

from supervisor.states import getProcessStateDescription, getSupervisorStateDescription

from procman.runtime import inside, proc, restarts

if TYPE_CHECKING:
    from procman.runtime.inside import Process, Supervisord
    from procman.runtime.keeper import Keeper
    from procman.runtime.listeners import Listeners
    from procman.runtime.restarts import Restarts


def status(
    supervisord: Supervisord,
    history: Restarts,
    listeners: Listeners,
    keeper: Keeper,
    *,
    passive: bool,
    adopts: bool,
    ended: list[str],
) -> str:
    """Return the whole report; its fields are those of `core.observed`."""
    return json.dumps(
        {
            "schema_version": 1,
            "pid": os.getpid(),
            "start_time_ticks": proc.start_ticks(os.getpid()),
            "passive": passive,
            "adopts": adopts,
            "cgroup": keeper.group_words(),
            "ended": ended,
            "now": time.time(),
            "state": getSupervisorStateDescription(supervisord.options.mood),
            "units": [_unit(p, history, listeners, keeper) for p in inside.processes(supervisord)],
        }
    )


def _unit(process: Process, history: Restarts, listeners: Listeners, keeper: Keeper) -> dict[str, object]:
    config = process.config
    record = history.record(config.name)
    alive = bool(process.pid)
    return {
        "unit": config.name,
        "statename": getProcessStateDescription(process.state),
        "pid": process.pid or None,
        "started": process.laststart or None,
        "stopped": process.laststop or None,
        "restarts": record.restarts,
        "spec": _last_argument(config.command),
        "exit": record.exit,
        "reason": record.given_up or (None if alive else restarts.why(process, record)),
        "held": record.held,
        "autostart": bool(config.autostart),
        "slot_inode": listeners.inode(config.name),
        **keeper.of(config.name),
    }


@functools.lru_cache(maxsize=256)
def _last_argument(command: str) -> str:
    try:
        return shlex.split(command)[-1]
    except (ValueError, IndexError):
        return ""
