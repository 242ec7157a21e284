"""PM2's limits and times as the manifest has them: memory, start, stop, restart, readiness."""

from __future__ import annotations

import math

from procman.core.imports.draft import Entry, Value
from procman.core.imports.pm2_app import App, milliseconds, size
from procman.core.imports.pm2_command import Script
from procman.core.manifest import Kind
from procman.core.quantity import KIB, MAX_SIZE, MAX_TIME, MIB

MOST_INSTANCES = 256
MOST_RESTARTS = 100
LEAST_WINDOW = 60.0
UPTIME = 1000.0
"""PM2's own min_uptime, in milliseconds."""
EXPONENTIAL, BACKOFF = 15_000.0, 60_000.0
"""The longest pause that PM2 makes when pauses grow, and procman's own, in milliseconds."""
SPREAD = 1.1
"""Growing pauses are spread by up to a tenth."""
MOST_CODE = 255
SMALLEST = MIB
"""Bytes: below, no program runs, and PM2 restarts it for ever."""


def entries(app: App, kind: Kind, script: Script, told: dict[str, str], *, node: bool) -> list[Entry]:
    """Return the keys for the limits and times of `app`; `told` gets words where the usual ones do not fit.

    `node`: node runs it.
    """
    found = [
        _memory(app, told),
        _ready(app, kind, told, node=node),
        _start(app),
        _stop(app, script),
        _restart(app, told),
    ]
    return [entry for entry in found if entry is not None]


def short(seconds: float) -> str:
    """Return `seconds` as the manifest writes a time: ``1600ms``, ``10s``, ``5m``."""
    whole = round(min(seconds, MAX_TIME) * 1000)
    for unit, factor in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if whole and whole % factor == 0 and (unit == "s" or whole // factor > 1):
            return f"{whole // factor}{unit}"
    return f"{whole}ms"


def short_size(size: int) -> str:
    """Return `size` (bytes) as the manifest writes it, rounded up: a limit is never less than it was."""
    for unit, factor in (("G", MIB << 10), ("M", MIB)):
        if size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{-(-size // MIB)}M" if size >= MIB else f"{-(-size // KIB)}K"


def _memory(app: App, told: dict[str, str]) -> Entry | None:
    if "max_memory_restart" not in app.values:
        return None
    limit = size(app.values["max_memory_restart"])
    if limit is None or not SMALLEST <= limit <= MAX_SIZE:
        told["max_memory_restart"] = "left out: no program runs in it; set `memory` to what it needs"
        return None
    return Entry("memory", short_size(limit))


def _ready(app: App, kind: Kind, told: dict[str, str], *, node: bool) -> Entry | None:
    timeout, waits = app.number("listen_timeout"), bool(app.values.get("wait_ready"))
    if waits and not node:
        told["wait_ready"] = "only node has process.send: say READY=1 to NOTIFY_SOCKET instead, with `ready: notify`"
    elif not waits and kind is not Kind.SCALABLE:
        if timeout:
            told["listen_timeout"] = "without wait_ready it is ready once it has stayed up for start.time"
        return None
    parts: dict[str, Value] = {"ipc": True} if waits and node else {}
    if timeout and (parts or kind is Kind.SCALABLE):
        parts["timeout"] = short(timeout / 1000)
    return Entry("ready", "ipc" if parts == {"ipc": True} else parts) if parts else None


def _start(app: App) -> Entry | None:
    uptime = milliseconds(app.values["min_uptime"]) if "min_uptime" in app.values else None
    return Entry("start", {"time": short(uptime / 1000)}) if uptime and uptime != UPTIME else None


def _stop(app: App, script: Script) -> Entry | None:
    """Return how it is ended. PM2 sends SIGINT; a program that handles SIGTERM needs nothing said."""
    parts: dict[str, Value] = {}
    if "SIGTERM" not in script.text:
        parts["signal"] = "INT"
    timeout = app.number("kill_timeout")
    if timeout:
        parts["timeout"] = short(timeout / 1000)
    aside = "as PM2 ends it" if "signal" in parts else "it handles SIGTERM, so that is sent, not PM2's SIGINT"
    return Entry("stop", parts, aside) if parts else None


def _restart(app: App, told: dict[str, str]) -> Entry | None:
    parts: dict[str, Value] = {}
    codes = _codes(app.values.get("stop_exit_codes"))
    if app.values.get("autorestart") is False:
        parts["policy"] = "never"
    elif codes:
        parts["policy"] = "on-failure"
    growing, fixed = app.number("exp_backoff_restart_delay"), app.number("restart_delay")
    most = app.number("max_restarts")
    if most is not None:
        parts["max"] = int(min(max(most, 0), MOST_RESTARTS))
        window = _window(app, int(min(max(most, 0), MOST_RESTARTS)), growing or fixed or UPTIME, grows=not fixed)
        if window > LEAST_WINDOW:
            parts["within"] = short(window)
        if most > MOST_RESTARTS:
            told["max_restarts"] = f"{MOST_RESTARTS}, the most there is: what fails so often needs a person"
    if growing or fixed:
        parts["delay"] = short((growing or fixed or 0) / 1000)
        parts["backoff"] = {"max": "15s"} if growing else {"factor": 1}
    if codes and "policy" in parts:
        parts["success_codes"] = codes
    return Entry("restart", parts) if parts else None


def _codes(value: object) -> tuple[int, ...]:
    """Return the exit codes that PM2 does not restart after; a number alone is one, too."""
    given = value if isinstance(value, list) else [value]
    return tuple(
        code for code in given if isinstance(code, int) and not isinstance(code, bool) and 0 <= code <= MOST_CODE
    )


def _window(app: App, count: int, delay: float, *, grows: bool) -> float:
    """Return the seconds in which `count` restarts and one more may fail, as slowly as they may, in steps of ten."""
    uptime = (milliseconds(app.values["min_uptime"]) if "min_uptime" in app.values else None) or UPTIME
    longest = EXPONENTIAL if app.number("exp_backoff_restart_delay") else BACKOFF
    pauses = (min(delay * 2 ** min(n, 30), max(longest, delay)) if grows else delay for n in range(count + 1))
    return max(LEAST_WINDOW, math.ceil(((count + 1) * uptime + sum(pauses)) * SPREAD / 10_000) * 10)
