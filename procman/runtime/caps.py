"""Holds instances to their memory limits: measures, warns, and has replaced what stays over. `core.caps` decides.

A scalable instance is replaced, a singleton is stopped first and started again: never two. Neither counts as a failure.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from procman.core import caps, limits
from procman.core.limits import Limit, Limits
from procman.runtime import inside, procfs

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.inside import Process
    from procman.runtime.journal import Journal
    from procman.runtime.replacing import Replacing
    from procman.runtime.usage import Usage

SECONDS = 0.25
NEAR_SECONDS = 0.125


class Caps:
    """The limits of every process that `processes` returns. `state` is the directory that the limits lie in."""

    def __init__(
        self, state: str, processes: Callable[[], list[Process]], usage: Usage, journal: Journal, replacing: Replacing
    ) -> None:
        self.limits = Limits({})
        self.log = journal.log
        self._path = f"{state}/{limits.FILE}"
        self._read: tuple[int, int, int] = (0, 0, 0)
        self._processes = processes
        self._usage = usage
        self._journal = journal
        self._replacing = replacing
        self._watched: dict[str, caps.Watched] = {}

    def look(self) -> float:
        """Look at every instance once; return in how many seconds to look again."""
        self.refresh()
        now = time.monotonic()
        for process in self._processes():
            limit = self.limits.of(process.config.name)
            if inside.is_spare(process) or limit is None or limit.soft is None:
                continue  # a replacement that is not ready yet, or what has been replaced
            if process.pid and process.state in inside.ALIVE:
                self._judge(process, limit, limit.soft, now)
        return NEAR_SECONDS if any(w.close for w in self._watched.values()) else SECONDS

    def of(self, unit: str) -> dict[str, object]:
        """Return what the report says of `unit`."""
        watched, limit = self._watched.get(unit), self.limits.of(unit)
        now = time.monotonic()
        return {
            "soft": limit.soft if limit else None,
            "hard": limit.hard if limit else None,
            "near": watched.warned if watched else False,
            "replaced": len(watched.replaced) if watched else 0,
            "often": caps.often(watched, now) if watched else False,
        }

    def ended(self, unit: str) -> None:
        """Take note that the process of `unit` is gone."""
        watched = self._watched.get(unit)
        if watched is not None:
            watched.over, watched.warned, watched.close = None, False, False

    def forget_all_but(self, units: set[str]) -> None:
        """Drop what is known of other units."""
        self._watched = {unit: w for unit, w in self._watched.items() if unit in units}

    def _judge(self, process: Process, limit: Limit, soft: int, now: float) -> None:
        unit, size = process.config.name, self._usage.of(process.config.name).last
        watched = self._watched.setdefault(unit, caps.Watched())
        verdict = caps.judge(watched, size, soft, limit.hard, now)
        if verdict in caps.GRAVE:
            size = self._usage.exact(unit)
            if caps.confirmed(watched, size, soft, limit.hard, now) and self._replacing.free(unit):
                self._act(process, limit, watched, size, now)
        elif verdict == caps.WARN:
            self._journal.note("memory-warning", unit, memory=size, limit=soft)
            self._say(f"{unit} has {_mib(size)} of its {_mib(soft)}")
        elif verdict == caps.CALM:
            self._journal.note("memory-calm", unit, memory=size, limit=soft)

    def _act(self, process: Process, limit: Limit, watched: caps.Watched, size: int, now: float) -> None:
        unit, over = process.config.name, round(now - (watched.over or now), 3)
        often = caps.replaced(watched, now)
        self._journal.note(
            "memory-limit", unit, pid=process.pid, memory=size, limit=limit.soft, seconds=over, often=often or None
        )
        reason = f"memory limit: {_mib(size)} of {_mib(limit.soft or 0)}"
        self._say(f"{unit} is replaced, {reason}")
        if often:
            self._say(f"{unit} needs that about every minute: it leaks, or its limit is too low; see procman why")
        self._replacing.replace(process, reason, limit)

    def refresh(self) -> None:
        """Read the limits again when their file was written anew."""
        try:
            now = os.stat(self._path)
        except OSError:
            self.limits, self._read = Limits({}), (0, 0, 0)
            return
        seen = (now.st_ino, now.st_mtime_ns, now.st_size)
        if seen == self._read:
            return
        self._read = seen
        try:
            self.limits = limits.from_text((procfs.read(self._path) or b"").decode())
        except ValueError as error:
            self._say(f"{self._path} cannot be used: {error}; the limits stay as they were")

    def _say(self, text: str) -> None:
        if self.log is not None:
            self.log(text)


def _mib(size: int) -> str:
    return f"{size >> 20} MiB"
