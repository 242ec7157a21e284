"""Keeps how much memory each unit's whole process tree needs: now, at most, and usually. Decides nothing.

Runs four times a second, for 5 ms of processor time at most: a round through many goes on in the next turn. The
kernel walks the page tables for a PSS, up to 25 ms per GiB, so it is asked only when the RSS (0.01 ms) has moved by
more than a fiftieth since, and in every fourth round at most: the heap of a busy server moves all the time. Until then
a change is added as it is. What is larger than 256 MiB is taken by its RSS.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from procman.runtime import procfs
from procman.runtime.family import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TURN_SECONDS = 0.005
KEPT = 64
LARGE = 256 << 20
MOVED = 50
ASKED_EVERY = 4

_PAGE = os.sysconf("SC_PAGE_SIZE")


class Memory:
    """What one unit needed, in bytes: `peak`, and a few samples evenly spread over all its time.

    `last` and `top` are the newest sample and the highest one of its process that runs now.

    When there are too many, every second one is dropped and from then on only half as many are taken: 64 numbers for a
    minute as for a year.
    """

    __slots__ = ("_samples", "_stride", "last", "peak", "seen", "top")

    def __init__(self) -> None:
        self.last = self.top = self.peak = 0
        self.seen = 0
        self._samples: list[int] = []
        self._stride = 1

    def add(self, size: int) -> None:
        """Note one sample."""
        self.last = size
        self.top = max(self.top, size)
        self.peak = max(self.peak, size)
        if self.seen % self._stride == 0:
            self._samples.append(size)
            if len(self._samples) == KEPT:
                self._samples = self._samples[::2]
                self._stride *= 2
        self.seen += 1

    def begin(self) -> None:
        """Forget what was of the process before."""
        self.last = self.top = 0

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
        self._seen: dict[int, tuple[int, int, int]] = {}
        self._rounds = 0
        self._family = Family()

    def turn(self) -> bool:
        """Go on with the round for at most `TURN_SECONDS`, one process at least; tell whether it came to its end."""
        end = self._clock() + TURN_SECONDS
        if self._round is None:
            self._round = self._measure()
        for _ in self._round:
            if self._clock() >= end:
                return False
        self._round = None
        return True

    def of(self, unit: str) -> Memory:
        """Return what is known of `unit`; empty when nothing is."""
        return self._known.get(unit) or Memory()

    def exact(self, unit: str) -> int:
        """Return what the tree of `unit` needs now in bytes, by its PSS whatever that costs: 25 ms per GiB."""
        return sum(share(pid, resident(pid)) for pid in self._family.tree(dict(self._units()).get(unit, 0), unit))

    def swapped(self, one: str, other: str) -> None:
        """Let what each needs now be the other's: their processes have changed names. The history stays."""
        first, second = (self._known.setdefault(unit, Memory()) for unit in (one, other))
        first.last, second.last = second.last, first.last
        first.top, second.top = second.top, first.top

    def forget_all_but(self, units: set[str]) -> None:
        """Drop what is known of other units."""
        self._known = {unit: memory for unit, memory in self._known.items() if unit in units}

    def _measure(self) -> Iterator[None]:
        units = tuple(self._units())
        yield from self._family.look({pid for _, pid in units})
        seen: dict[int, tuple[int, int, int]] = {}
        self._rounds += 1
        for unit, pid in units:
            size = 0
            for member in self._family.tree(pid, unit):
                now = resident(member)
                former, shared, asked = self._seen.get(member, (0, 0, -ASKED_EVERY))
                if abs(now - former) * MOVED > former and self._rounds - asked >= ASKED_EVERY:
                    former, shared, asked = now, share(member, now) if now <= LARGE else now, self._rounds
                seen[member] = (former, shared, asked)
                size += max(0, shared + now - former)
                yield
            if size:
                self._known.setdefault(unit, Memory()).add(size)
        self._seen = seen


def resident(pid: int) -> int:
    """Return the RSS of `pid` in bytes; 0 when it is gone."""
    fields = (procfs.read(f"/proc/{pid}/statm") or b"").split()
    return int(fields[1]) * _PAGE if len(fields) > 1 else 0


def share(pid: int, otherwise: int) -> int:
    """Return the PSS of `pid` in bytes, with its share of what is swapped out; `otherwise` where it cannot be read."""
    size = 0
    for line in (procfs.read(f"/proc/{pid}/smaps_rollup") or b"").splitlines():
        if line.startswith((b"Pss:", b"SwapPss:")):
            size += int(line.split()[1]) * 1024
    return size or otherwise
