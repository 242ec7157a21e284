"""What readiness and liveness share: one thing is kept for each process that is looked at, and ended with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from procman.runtime.inside import Process


class Ends(Protocol):
    """What holds something for a process: a connection, a command."""

    def end(self) -> None:
        """Give it back."""
        ...


W = TypeVar("W", bound=Ends)


class Watching(Generic[W]):
    """The processes that are looked at, each with what is kept for it."""

    def __init__(self) -> None:
        self._watched: dict[int, W] = {}

    def end(self, process: Process) -> None:
        """Look at `process` no more."""
        watched = self._watched.pop(id(process), None)
        if watched is not None:
            watched.end()

    def halt(self, process: Process) -> None:
        """Let go what is held for `process`, which is told to end; what is known of it stays."""
        watched = self._watched.get(id(process))
        if watched is not None:
            watched.end()

    def forget(self) -> None:
        """Look at nothing any more: supervisord has made all its processes anew."""
        for watched in self._watched.values():
            watched.end()
        self._watched.clear()
