"""Keeps how much memory each unit's whole process tree has needed: the most, and the usual. Decides nothing.

Runs on supervisord's tick, every 5 seconds, for 5 ms of processor time at most: a round through many processes goes on
at the next tick. The kernel walks the page tables for a PSS, up to 25 ms per GiB, so it is asked only when the RSS
(0.01 ms) has moved by more than a fiftieth since; a smaller change is added as it is. What is larger than 256 MiB is
taken by its RSS.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from procman.runtime import procfs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TURN_SECONDS = 0.005
KEPT = 64
LARGE = 256 << 20
MOVED = 50

_PAGE = os.sysconf("SC_PAGE_SIZE")


class Memory:
    """What one unit needed, in bytes: `last`, `peak`, and a few samples evenly spread over all its time.

    When there are too many, every second one is dropped and from then on only half as many are taken: 64 numbers for a
    minute as for a year.
    """

    __slots__ = ("_samples", "_stride", "last", "peak", "seen")

    def __init__(self) -> None:
        self.last = self.peak = 0
        self.seen = 0
        self._samples: list[int] = []
        self._stride = 1

    def add(self, size: int) -> None:
        """Note one sample."""
        self.last = size
        self.peak = max(self.peak, size)
        if self.seen % self._stride == 0:
            self._samples.append(size)
            if len(self._samples) == KEPT:
                self._samples = self._samples[::2]
                self._stride *= 2
        self.seen += 1

    @property
    def usual(self) -> int:
        """Return the median of the samples; 0 without one."""
        return sorted(self._samples)[len(self._samples) // 2] if self._samples else 0


class Usage:
    """The memory of every unit that `units` names with its pid. `clock` counts seconds of processor time."""

    def __init__(
        self, units: Callable[[], Iterable[tuple[str, int]]], clock: Callable[[], float] = time.thread_time
    ) -> None:
        self._units = units
        self._clock = clock
        self._known: dict[str, Memory] = {}
        self._round: Iterator[None] | None = None
        self._seen: dict[int, tuple[int, int]] = {}

    def turn(self) -> None:
        """Go on with the round for at most `TURN_SECONDS`, one process at least; begin one when none is under way."""
        end = self._clock() + TURN_SECONDS
        if self._round is None:
            self._round = self._measure()
        for _ in self._round:
            if self._clock() >= end:
                return
        self._round = None

    def of(self, unit: str) -> Memory:
        """Return what is known of `unit`; empty when nothing is."""
        return self._known.get(unit) or Memory()

    def forget_all_but(self, units: set[str]) -> None:
        """Drop what is known of other units."""
        self._known = {unit: memory for unit, memory in self._known.items() if unit in units}

    def _measure(self) -> Iterator[None]:
        children: dict[int, list[int]] = {}
        for pid in procfs.pids():
            found = procfs.status(pid)
            if found is not None:
                children.setdefault(found[1], []).append(pid)
            yield
        seen: dict[int, tuple[int, int]] = {}
        for unit, pid in tuple(self._units()):
            tree, size = [pid], 0
            for member in tree:
                tree += children.get(member, ())
                resident = _resident(member)
                former, share = self._seen.get(member, (0, 0))
                if abs(resident - former) * MOVED > former:
                    former, share = resident, _proportional(member, resident)
                seen[member] = (former, share)
                size += max(0, share + resident - former)
                yield
            if size:
                self._known.setdefault(unit, Memory()).add(size)
        self._seen = seen


def _resident(pid: int) -> int:
    """Return the RSS of `pid` in bytes; 0 when it is gone."""
    fields = (procfs.read(f"/proc/{pid}/statm") or b"").split()
    return int(fields[1]) * _PAGE if len(fields) > 1 else 0


def _proportional(pid: int, resident: int) -> int:
    """Return the PSS of `pid` in bytes where it can be read at a small price, else its RSS, `resident`."""
    if 0 < resident <= LARGE:
        for line in (procfs.read(f"/proc/{pid}/smaps_rollup") or b"").splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return resident
