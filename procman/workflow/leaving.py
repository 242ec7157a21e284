"""Members of a consumer that leave for good: told so before they are stopped, and nothing stays in their sessions.

Member 0 never leaves: its session is that of the consumer, and waits for the next start.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from procman.adapters import files
from procman.adapters import state as states
from procman.adapters.state import State
from procman.core import members, owed
from procman.core.applied import Applied
from procman.core.checks import Unknown
from procman.core.manifest import Kind
from procman.core.owed import Owed
from procman.core.spec import Spec
from procman.workflow.ready import Progress


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


def forget_marks(specs: Iterable[Spec]) -> None:
    """Remove the file that says so for each of `specs`, which stay: a command that was killed may have left it."""
    for spec in specs:
        if members.LEAVE in dict(spec.env):
            files.remove(dict(spec.env)[members.LEAVE])


def owe(state: State, old: Applied | None, new: Applied | None) -> None:
    """Note the sessions of the members that `old` has and `new` has not: they are to be ended, whoever does it."""
    fresh = [one for name, numbers in gone(old, new) for one in _sessions(old, name, numbers)]
    if fresh:
        noted = {one.key: one for one in (*states.read_owed(state), *fresh)}
        states.write_owed(state, tuple(noted.values()))


def end_sessions(state: State, now: Applied | None, progress: Progress) -> None:
    """End the noted sessions, whatever is left in them, but those of members that run again `now`.

    A consumer that leaves as it is told has done so itself; one that was killed, or does not know how, has not. What
    cannot be ended stays noted.
    """
    noted = states.read_owed(state)
    if not noted:
        return
    alive = {one.key for one in _all(now)}
    states.write_owed(state, tuple(one for one in noted if one.key not in alive and not _ended(one, progress)))


def gone(old: Applied | None, new: Applied | None) -> list[tuple[str, range]]:
    """Return the numbers, by service, that ran as `old` says and do not as `new` says; never 0."""
    counts = {s.name: s.instances for s in new.services} if new is not None else {}
    found = []
    for service in old.services if old is not None else ():
        numbers = range(max(1, counts.get(service.name, 0)), service.instances)
        if service.kind == Kind.SCALABLE.value and numbers:
            found.append((service.name, numbers))
    return found


def _sessions(applied: Applied | None, name: str, numbers: Iterable[int]) -> tuple[Owed, ...]:
    """Return the sessions of these members of the service called `name`, as `applied` has it."""
    if applied is None:
        return ()
    from procman.workflow.load import load_applied  # noqa: PLC0415 - few scale a consumer

    manifest = load_applied(applied).manifest
    service = manifest.service(name) if manifest is not None else None
    folder = os.path.dirname(applied.path)  # noqa: PTH120
    directory = os.path.normpath(os.path.join(folder, service.directory)) if service else folder  # noqa: PTH118
    return owed.sessions(service, numbers, directory)


def _all(applied: Applied | None) -> list[Owed]:
    """Return the sessions of every member that runs as `applied` says."""
    services = applied.services if applied is not None else ()
    return [one for s in services for one in _sessions(applied, s.name, range(s.instances))]


def _ended(one: Owed, progress: Progress) -> bool:
    from procman.adapters import sessions  # noqa: PLC0415 - an extra, for those who scale a consumer

    try:
        left = sessions.end(one.place, one.client_id, one.filters, hand_on=one.hand_on)
    except Unknown as unknown:
        words = f"its session '{one.client_id}' may still take messages that nobody reads: {unknown}; {unknown.help}"
        progress(one.unit, f"{words}; the next procman up or scale tries again")
        return False
    if left:
        words = "were published again for the others" if one.hand_on else "the others have, too"
        progress(one.unit, f"{left} messages waited in its session and {words}")
    return True
