"""What a probe is, and what it looks at.

A probe belongs to one start of one process. `look` is called again and again until it returns True; it must return at
once, and it must say True of no process but the one it was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.sockets import Where
    from procman.runtime.tap import Tap


class Subject(NamedTuple):
    """The process that is looked at, by its pid.

    `tree`: it and its descendants, up to 0.1 s old and some milliseconds dear.
    `settled`: it has stayed up for its start time. `inodes`: its listening sockets. `aim`: from now on, connections to
    that place from that source port come to its slot and no other; None ends it. `tap`: hear what it writes.
    `alone`: its unit has no second process.
    """

    pid: int
    tree: Callable[[], list[int]]
    settled: Callable[[], bool]
    inodes: Callable[[], list[int]]
    aim: Callable[[Where, int | None], None]
    tap: Callable[[Callable[[bytes], None]], Tap]
    alone: Callable[[], bool]


class Probe(Protocol):
    """`awaits`: in words what is missing. `busy`: something is under way that goes on in milliseconds.

    `asks`: each look is a question of its own, so that answers can be counted and have a pause between them.
    `dear`: one costs a process. `no`: the last look came to an answer, and it was no.
    """

    @property
    def asks(self) -> bool: ...  # noqa: D102 - see above

    @property
    def dear(self) -> bool: ...  # noqa: D102 - see above

    @property
    def no(self) -> bool: ...  # noqa: D102 - see above

    @property
    def awaits(self) -> str: ...  # noqa: D102 - see above

    @property
    def busy(self) -> bool: ...  # noqa: D102 - see above

    def begin(self, subject: Subject) -> None:
        """Take what must not be missed: `subject` has just been started, or is about to be looked at."""
        ...

    def look(self, subject: Subject) -> bool:
        """Tell whether `subject` passes now."""
        ...

    def end(self) -> None:
        """Give back whatever is held: it has passed, or the process is gone."""
        ...


class Settled:
    """It has stayed up for its start time: all that can be said of a process that does not listen."""

    asks = dear = busy = no = False
    awaits = "it has not stayed up for its start time yet"

    def begin(self, subject: Subject) -> None:
        """Need nothing before it is looked at."""

    def look(self, subject: Subject) -> bool:
        """Tell whether it has."""
        return subject.settled()

    def end(self) -> None:
        """Hold nothing."""
