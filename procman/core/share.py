"""How many instances each service gets where the manifest leaves that open: the rule of ``auto`` and ``{min, max}``.

The rule. Every service starts with its minimum. What is left is given out one instance at a time, always to the service
with the fewest instances for its weight (count / weight); of equals to the one with the smaller memory, then by name.
A service that is at its maximum, or that does not fit into what is left, is done.

What is optimal about it. Queue all instances that could be added in that order: no other choice that fits takes an
earlier instance of the queue without leaving out a still earlier one. With equal weights this is also the fairest
choice: no other has a worst-off service with more instances, then a second worst-off one, and so on (lexicographic
max-min). `tests/unit/core/test_share.py` compares both with every choice there is.
"""

from __future__ import annotations

from math import lcm

from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Ask:
    """A service whose count is open: at least `low`, at most `high`, each instance `memory` bytes (above 0)."""

    name: str
    memory: int
    low: int
    high: int
    weight: int = 1


def shares(asks: tuple[Ask, ...], room: int) -> dict[str, int]:
    """Return the count of each of `asks`; `room` is what is left in bytes when each has its `low`.

    Takes n log n steps: whole rounds that everyone gets are found by halving, only what is left over is handed out
    one by one.
    """
    unit = lcm(*(ask.weight for ask in asks)) if asks else 1
    steps = {ask.name: unit // ask.weight for ask in asks}
    turn = _last_whole_turn(asks, steps, room)
    counts = {ask.name: _count(ask, steps[ask.name], turn) for ask in asks}
    room -= sum((counts[ask.name] - ask.low) * ask.memory for ask in asks)
    queue = [(counts[a.name] * steps[a.name], a.memory, a.name, a.high) for a in asks if counts[a.name] < a.high]
    if not queue:
        return counts
    import heapq  # noqa: PLC0415 - few counts are open

    heapq.heapify(queue)
    while queue:
        turn, memory, name, high = queue[0]
        if memory > room:
            heapq.heappop(queue)
            continue
        room -= memory
        counts[name] += 1
        if counts[name] < high:
            heapq.heapreplace(queue, (turn + steps[name], memory, name, high))
        else:
            heapq.heappop(queue)
    return counts


def _last_whole_turn(asks: tuple[Ask, ...], steps: dict[str, int], room: int) -> int:
    """Return the last turn up to which everyone can have what is due to it."""
    low, high = -1, max((ask.high * steps[ask.name] for ask in asks), default=0)
    while low < high:
        middle = (low + high + 1) // 2
        cost = sum((_count(ask, steps[ask.name], middle) - ask.low) * ask.memory for ask in asks)
        low, high = (middle, high) if cost <= room else (low, middle - 1)
    return low


def _count(ask: Ask, step: int, turn: int) -> int:
    """Return how many instances `ask` has once everything up to `turn` is given out."""
    return max(ask.low, min(ask.high, turn // step + 1))
