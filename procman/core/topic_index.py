"""Which of many topic filters overlap with one, without comparing it with each. The relation is that of `topics`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from procman.core.broker_names import NOTHING, Known, broker_names
from procman.core.guards import group_of
from procman.core.manifest import Consumes, Service
from procman.core.topics import bare
from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One filter of one consumer: `index` is its position there, `group` the share group it is subscribed to in."""

    service: Service
    index: int
    group: str | None


class _Node:
    __slots__ = ("below", "entries")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.below: dict[str, _Node] = {}


class TopicIndex:
    """The filters of one broker, by level."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, topic: str, entry: Entry) -> None:
        """Remember `entry` under `topic` (without ``$share``)."""
        node = self._root
        for level in topic.split("/"):
            node = node.below.setdefault(level, _Node())
        node.entries.append(entry)

    def overlapping(self, topic: str) -> Iterator[Entry]:
        """Yield every entry whose filter some topic matches together with `topic`, in a fixed order."""
        levels = topic.split("/")
        waiting = [(self._root, 0)]
        while waiting:
            node, depth = waiting.pop()
            if depth == len(levels):
                yield from node.entries
                yield from node.below.get("#", _Node()).entries
            elif levels[depth] == "#":
                yield from node.entries
                waiting += [(below, depth) for below in reversed(_seen(node, "#", first=node is self._root))]
            else:
                if depth or not levels[0].startswith("$"):
                    yield from node.below.get("#", _Node()).entries
                waiting += [(below, depth + 1) for below in reversed(_seen(node, levels[depth], first=not depth))]


def earlier(services: tuple[Service, ...], known: Known = NOTHING) -> Iterator[tuple[Entry, Iterator[Entry]]]:
    """Yield each filter of each consumer with the filters of earlier services on its broker that overlap with it.

    On its broker: one that is known by a name that its own has, too.
    """
    indexes: dict[str, TopicIndex] = {}
    named: dict[str, list[TopicIndex]] = {}
    for service in services:
        consumes = service.consumes
        if consumes is None:
            continue
        names = sorted(broker_names(consumes.broker, known))
        index = indexes.get(consumes.broker)
        if index is None:
            index = indexes[consumes.broker] = TopicIndex()
            for name in names:
                named.setdefault(name, []).append(index)
        same = list({id(each): each for name in names for each in named[name]}.values())
        entries = [Entry(service, i, group_of(consumes, topic)) for i, topic in enumerate(consumes.topics)]
        for entry in entries:
            topic = plain(consumes, entry)
            yield entry, chain.from_iterable(each.overlapping(topic) for each in same)
        for entry in entries:
            index.add(plain(consumes, entry), entry)


def grouped(services: tuple[Service, ...]) -> bool:
    """Tell whether any of `services` names a share group."""
    return any(
        s.consumes is not None and (s.consumes.share or any(t.startswith("$share/") for t in s.consumes.topics))
        for s in services
    )


def plain(consumes: Consumes, entry: Entry) -> str:
    """Return the filter of `entry` without its share group."""
    return bare(consumes.topics[entry.index])


def _seen(node: _Node, level: str, *, first: bool) -> list[_Node]:
    """Return the nodes below `node` that share a topic with `level`; wildcards do not see `$` at the first level."""
    if level in ("#", "+"):
        return [
            below
            for name, below in node.below.items()
            if not (first and name.startswith("$")) and (level, name) != ("+", "#")
        ]
    names = (level,) if first and level.startswith("$") else (level, "+")
    return [node.below[name] for name in names if name in node.below]
