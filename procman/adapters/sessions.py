"""The session of a consumer's member that is gone for good: what waits in it is handed on, then it is ended."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from procman.adapters.broker import V311, Link
from procman.adapters.broker_client import V5
from procman.core.broker_place import BrokerPlace
from procman.core.checks import Unknown

QUIET = 0.5
PATIENCE = 30.0


def end(place: BrokerPlace, client_id: str, filters: Sequence[str], *, hand_on: bool) -> int | None:
    """End the session of `client_id`, and return how many messages waited in it; None when there was none.

    `hand_on`: each of them is published again before it is acknowledged, since no other member has it. First
    the session leaves the group, so that nothing more is put into it. Unknown when the broker cannot be asked.
    """
    try:
        version = V5
        with Link(place, version=V5):
            pass
    except Unknown:
        version = V311
    with ExitStack() as stack:
        publisher = stack.enter_context(Link(place, version=version))
        with Link(place, client_id, version=version, clean=False, manual=True) as link:
            waiting = _taken(link, publisher, filters, hand_on=hand_on) if link.session_present else None
        with Link(place, client_id, version=version, clean=True):
            pass  # with a clean start and no expiry the broker forgets it
    return waiting


def _taken(link: Link, publisher: Link, filters: Sequence[str], *, hand_on: bool) -> int:
    """Take everything that waits until nothing more comes."""
    link.unsubscribe(filters)
    done = handed = 0
    while True:
        link.settle(QUIET, PATIENCE)
        fresh = link.received[done:]
        if not fresh:
            return handed
        messages = [(m.topic, m.payload) for m in fresh if not m.retained]
        if hand_on and messages:
            publisher.publish(messages, 1)
        for message in fresh:
            link.acknowledge(message)
        done += len(fresh)
        handed += len(messages)
