"""The journal of a project, read and followed; and the line a command leaves in it. Works without a manager."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping

from procman.adapters import journal, log_files
from procman.adapters.state import State
from procman.core.diff import Action, changes
from procman.core.errors import WrongUse
from procman.core.events import Event, parse, parsed
from procman.core.values import dataclass
from procman.workflow.project import find

POLL = 0.1


@dataclass(frozen=True, slots=True)
class History:
    """The events of the project in `state` that are of `names`, services or instances; all without names."""

    project: str
    state: State
    names: tuple[str, ...] = ()

    def events(self, count: int | None = None) -> tuple[Event, ...]:
        """Return the last `count` events, the oldest first; all without a count."""
        found = self._mine(recorded(self.state))
        return tuple(found) if count is None else tuple(found[len(found) - min(count, len(found)) :])

    def follow(self, count: int) -> Iterator[Event]:
        """Yield the last `count` events, then, without end, each that is noted."""
        follower = log_files.Follower(self.state.events)
        try:
            told = self._mine(recorded(self.state, follower.start))
            yield from told[len(told) - min(count, len(told)) :]
            while True:
                lines = follower.lines()
                yield from self._mine(event for event in map(parse, lines) if event is not None)
                if not lines:
                    time.sleep(POLL)
        finally:
            follower.close()

    def _mine(self, events: Iterable[Event]) -> list[Event]:
        return [event for event in events if not self.names or event.concerns(self.names)]


def open_history(file: str | None, environment: Mapping[str, str], names: tuple[str, ...] = ()) -> History | None:
    """Return the history of the project that is meant; None when it was never started.

    WrongUse for a name that is neither of the project nor in its history.
    """
    project = find(file, environment)
    if project is None:
        return None
    applied = project.applied
    known = [f"{service.name}-{i}" for service in applied.services for i in range(service.instances)]
    known += [unit for event in recorded(project.state) for unit in (event.unit, *event.words("units")) if unit]
    words = dict.fromkeys(word for unit in known for word in (unit.rpartition("-")[0], unit))
    for name in names:
        if name not in words:
            raise WrongUse(f"there is no service or instance '{name}'", f"known: {', '.join(words)}")
    return History(applied.project, project.state, names)


def recorded(state: State, until: int | None = None) -> tuple[Event, ...]:
    """Return what the journal holds, the oldest first; see `journal.lines`."""
    return parsed(journal.lines(state, until))


def note_command(state: State, command: str, actions: tuple[Action, ...]) -> None:
    """Note that an operator's command is about to change something; nothing when it changes nothing."""
    units = [action.unit for action in changes(actions)]
    if units:
        journal.note_command(state, command, units)
