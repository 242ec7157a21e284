"""What a broker does, tried on private topics: facts for `core.broker_facts`, which judges them.

Nothing here touches a topic, a session or a client id of the project.
"""

from __future__ import annotations

import contextlib
import uuid
from contextlib import ExitStack

from procman.adapters.broker import VERSIONS, Link
from procman.adapters.broker_client import V5
from procman.core.broker_facts import Away, Greeting, Shared
from procman.core.broker_place import BrokerPlace
from procman.core.checks import Unknown

MEMBERS = 2
MESSAGES = 40
QUIET = 0.3
LONG = 5.0
REFUSED = 128


def greet(place: BrokerPlace) -> Greeting:
    """Return which versions of MQTT the broker speaks, and what it says of itself under ``$SYS``. Unknown: none."""
    spoken: list[str] = []
    told: dict[str, str] = {}
    refusal: Unknown | None = None
    for version, name in VERSIONS.items():
        try:
            with Link(place, version=version) as link:
                spoken.append(name)
                if not told:
                    told = _told(link)
        except Unknown as unknown:
            refusal = unknown
    if not spoken and refusal is not None:
        raise refusal
    return Greeting(tuple(spoken), told)


def _told(link: Link) -> dict[str, str]:
    with contextlib.suppress(Unknown):
        link.subscribe(["$SYS/broker/#"], 0)
        link.settle(QUIET, 1.0)
    return {m.topic.removeprefix("$SYS/broker/"): m.payload.decode("utf-8", "replace") for m in link.received}


def share(place: BrokerPlace, version: int = V5) -> Shared:
    """Let two members of one group subscribe and send 40 messages: what each of them got."""
    topic, group = f"procman/probe/{uuid.uuid4().hex}", f"procman-{uuid.uuid4().hex[:8]}"
    end = f"{topic}/end"
    with ExitStack() as stack:
        members = [stack.enter_context(Link(place, version=version)) for _ in range(MEMBERS)]
        publisher = stack.enter_context(Link(place, version=version))
        granted = [member.subscribe([f"$share/{group}/{topic}", end], 1)[0] for member in members]
        if max(granted) >= REFUSED:
            return Shared(0, (0,) * MEMBERS, refused=True)
        publisher.publish([(topic, b"%d" % number) for number in range(MESSAGES)])
        # What was sent before has arrived when this has: a member that gets nothing is seen without a long wait.
        publisher.publish([(end, b"")])
        for member in members:
            member.wait(lambda member=member: any(m.topic == end for m in member.received), LONG)  # type: ignore[misc]
            member.settle(QUIET, LONG)
        counts = tuple(sum(m.topic == topic for m in member.received) for member in members)
        distinct = {m.payload for member in members for m in member.received if m.topic == topic}
    return Shared(MESSAGES, counts, distinct=len(distinct))


def away(place: BrokerPlace, qos: int, count: int, version: int = V5) -> Away:
    """Subscribe with a session that is kept, go, send `count` messages, and come back for them."""
    topic, name = f"procman/probe/{uuid.uuid4().hex}", f"procman-{uuid.uuid4().hex[:12]}"
    try:
        with Link(place, name, version=version, clean=False) as link:
            granted = link.subscribe([topic], qos)[0]
        with Link(place, version=version) as publisher:
            publisher.publish([(topic, b"%d" % number) for number in range(count)])
        with Link(place, name, version=version, clean=False) as link:
            present = link.session_present
            link.settle(QUIET, LONG)
            return Away(granted, present, count, len({m.payload for m in link.received}))
    finally:
        with contextlib.suppress(Unknown), Link(place, name, version=version, clean=True):
            pass  # ends the session with all it holds
