"""Members of a consumer that leave for good: told so before they are stopped, so that no message stays in a session.

Member 0 never leaves: its session is that of the consumer, and waits for the next start.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from procman.adapters import files
from procman.core import members
from procman.core.spec import Spec


def leavers(specs: Iterable[Spec]) -> tuple[Spec, ...]:
    """Return those of `specs` whose session at the broker ends with them."""
    return tuple(spec for spec in specs if spec.instance and members.LEAVE in dict(spec.env))


@contextmanager
def told(leaving: tuple[Spec, ...]) -> Iterator[None]:
    """Let the file that says so exist for each of `leaving` while they are stopped."""
    paths = [dict(spec.env)[members.LEAVE] for spec in leaving]
    for path in paths:
        files.make_folder(os.path.dirname(path))  # noqa: PTH120
        files.write_whole(path, b"", 0o644)
    try:
        yield
    finally:
        for path in paths:
            files.remove(path)
