"""The logs of a project as one stream of (instance, line). Also when it is down, as long as the files are there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from procman.adapters import log_files
from procman.adapters.state import State
from procman.workflow.operate import chosen
from procman.workflow.project import find

POLL = 0.1
MANAGER = "supervisord"


@dataclass(frozen=True, slots=True)
class LogStream:
    """The logs of `units` of the project in `state`."""

    state: State
    units: tuple[str, ...]

    def lines(self, count: int, *, follow: bool) -> Iterator[tuple[str, str]]:
        """Yield the last `count` lines of each instance, then, with `follow`, what is written from then on."""
        followers = [(unit, log_files.Follower(self.state.log(unit))) for unit in self.units] if follow else []
        begun = {unit: follower.start for unit, follower in followers}
        try:
            for unit in self.units:
                for line in log_files.tail(self.state.log(unit), count, begun.get(unit)):
                    yield unit, line
            while followers:
                quiet = True
                for unit, follower in followers:
                    for line in follower.lines():
                        quiet = False
                        yield unit, line
                if quiet:
                    time.sleep(POLL)
        finally:
            for _, follower in followers:
                follower.close()


def open_logs(file: str | None, environment: Mapping[str, str], names: tuple[str, ...]) -> LogStream | None:
    """Return the logs of the services or instances in `names`; of all without names. None when nothing ever ran."""
    project = find(file, environment)
    if project is None:
        return None
    units = chosen(project.applied, tuple(n for n in names if n != MANAGER)) if set(names) != {MANAGER} else set()
    extra = (MANAGER,) if MANAGER in names else ()
    return LogStream(project.state, (*sorted(units), *extra))
