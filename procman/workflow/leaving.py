"""Members of a consumer that leave for good: told so before they are stopped, and nothing stays in their sessions.

Member 0 never leaves: its session is that of the consumer, and waits for the next start.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from procman.adapters import files
from procman.core import members
from procman.core.applied import Applied
from procman.core.checks import Unknown
from procman.core.guards import grouped
from procman.core.manifest import Kind, Service, Session
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


def end_sessions(old: Applied | None, new: Applied | None, progress: Progress) -> None:
    """End the sessions of the members that `old` has and `new` has not, whatever they left in them.

    A consumer that leaves as it is told has done so itself; one that was killed, or does not know how, has not.
    """
    for name, numbers in gone(old, new):
        service = _service(old, name)
        if service is not None:
            for number in numbers:
                _end(service, number, progress)


def gone(old: Applied | None, new: Applied | None) -> list[tuple[str, range]]:
    """Return the numbers, by service, that ran as `old` says and do not as `new` says; never 0."""
    counts = {s.name: s.instances for s in new.services} if new is not None else {}
    found = []
    for service in old.services if old is not None else ():
        numbers = range(max(1, counts.get(service.name, 0)), service.instances)
        if service.kind == Kind.SCALABLE.value and numbers:
            found.append((service.name, numbers))
    return found


def _service(old: Applied | None, name: str) -> Service | None:
    """Return the consumer called `name` as `old` has it, when its broker keeps sessions for it."""
    if old is None:
        return None
    from procman.workflow.load import load_applied  # noqa: PLC0415 - few scale a consumer

    manifest = load_applied(old).manifest
    service = manifest.service(name) if manifest is not None else None
    consumes = service.consumes if service is not None else None
    persistent = consumes is not None and consumes.client_id and consumes.session is Session.PERSISTENT
    return service if persistent else None


def _end(service: Service, number: int, progress: Progress) -> None:
    from procman.adapters import sessions  # noqa: PLC0415 - an extra, for those who scale a consumer

    consumes = service.consumes
    if consumes is None:
        return
    unit, filters = f"{service.name}-{number}", members.subscriptions(consumes)
    name = members.client_id(consumes, number) or unit
    try:
        left = sessions.end(consumes.broker, name, filters, hand_on=grouped(consumes))
    except Unknown as unknown:
        progress(unit, f"its session '{name}' may still take messages that nobody reads: {unknown}; {unknown.help}")
        return
    if left:
        words = "were published again for the others" if grouped(consumes) else "the others have, too"
        progress(unit, f"{left} messages waited in its session and {words}")
