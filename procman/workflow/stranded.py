"""Members that were given up: their sessions go on taking a share of the messages. Found, and handed on when asked.

Only a share group divides messages; without one every other member has them, too. A member that is down for a restart
is none of these: what waits for it is taken by its next start.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from procman.adapters import state as states
from procman.core import owed
from procman.core.checks import Unknown, Verdict
from procman.core.guards import grouped
from procman.core.manifest import Service
from procman.core.observed import Observed, ObservedUnit
from procman.workflow.observe import observe

if TYPE_CHECKING:
    from procman.adapters.state import State
    from procman.workflow.asking import Answer, Consumer

FAILED, RUNNING = "FATAL", "RUNNING"
TOO_SOON = 90.0
"""Seconds before it is tried again in which a failed member is left alone: it would be ousted as it starts."""


def check(consumer: Consumer) -> Answer | None:
    """Tell which members have failed; None for a consumer that divides nothing among members that run."""
    members = _members(consumer.service, consumer.observed)
    if not members[1:] or not owed.sessions(consumer.service, (0,), "") or not grouped(consumer.consumes):
        return None
    failed = [unit for unit in members if unit.statename == FAILED]
    if not failed:
        return Verdict.PASS, f"{len(members)} members, none has failed", ""
    names = ", ".join(unit.unit for unit in failed)
    reasons = "; ".join(dict.fromkeys(unit.reason or "no reason known" for unit in failed))
    evidence = f"{names} failed: {reasons}"
    if consumer.hand_on is None:
        advice = f"procman start {failed[0].unit}; or procman verify --hand-on gives the others what waits there"
        return Verdict.FAIL, f"{evidence}; the broker goes on putting messages into the session of each", advice
    return Verdict.FAIL, f"{evidence}; {_hand_on(consumer, consumer.hand_on)}", f"procman why {failed[0].unit}"


def _hand_on(consumer: Consumer, state: State) -> str:
    """End the session of each member that has failed, and return what became of it. No command starts one meanwhile."""
    with states.exclusive(state, lambda: None):
        members = _members(consumer.service, observe(state))
        if not any(unit.statename == RUNNING for unit in members):
            return "no other member runs, so what waits is left to the next start"
        told = [_told(consumer, unit) for unit in members if unit.statename == FAILED]
    return "; ".join(told) or "it runs again"


def _told(consumer: Consumer, unit: ObservedUnit) -> str:
    from procman.adapters import sessions  # noqa: PLC0415 - an extra, which `verify` alone loads

    if unit.retry_at is not None and unit.retry_at - time.time() < TOO_SOON:
        return f"{unit.unit} is tried again in a moment, so its session is left to it"
    number = int(unit.unit.rpartition("-")[2])
    (one,) = owed.sessions(consumer.service, (number,), consumer.spec.directory)
    try:
        left = sessions.end(one.place, one.client_id, one.filters, hand_on=True)
    except Unknown as unknown:
        return f"the session of {unit.unit} could not be ended: {unknown}"
    if left is None:
        return f"{unit.unit} has no session"
    return f"{left} messages waited for {unit.unit} and were published again for the others; its session is ended"


def _members(service: Service, observed: Observed | None) -> list[ObservedUnit]:
    units = observed.units if observed is not None else ()
    return [unit for unit in units if unit.unit.rpartition("-")[0] == service.name]
