"""What was seen of a broker, and what it means for a consumer: verdict, evidence and help. Pure.

A broker's word proves nothing: some grant a shared subscription and deliver nothing, or everything to everyone. So what
it does is judged, not what it says.
"""

from __future__ import annotations

from collections.abc import Mapping

from procman.core.checks import Verdict
from procman.core.quantity import format_time
from procman.core.values import dataclass, field

USUAL_LIMIT = 1000
"""mosquitto's max_queued_messages where nobody sets it."""

MOST_TRIED = 20_000
UNTOLD_TRIED = 2_000
REFUSED = 128

Judged = tuple[Verdict, str, str]
"""Verdict, evidence, help."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """The versions of MQTT that a broker speaks, and what it says of itself under ``$SYS/broker/``."""

    versions: tuple[str, ...]
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def product(self) -> str:
        """Return what it calls itself, or nothing."""
        return self.told.get("version", "").replace(" version ", " ").strip()[:60]


@dataclass(frozen=True, slots=True)
class Shared:
    """How many messages were sent to a share group, and how many each member got."""

    sent: int
    counts: tuple[int, ...]
    distinct: int = 0
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """What a client with a kept session finds when it comes back: quality granted, session, messages of those sent."""

    granted: int
    present: bool
    sent: int
    kept: int


def judge_broker(greeting: Greeting) -> Judged:
    """Judge what a broker speaks."""
    product = greeting.product or "a broker that does not name itself"
    kept = greeting.told.get("retained messages/count", "")
    note = f", retains {kept} messages" if kept.isdigit() else ""
    return Verdict.PASS, f"{product}, speaks MQTT {' and '.join(greeting.versions)}{note}", ""


def judge_share(found: Mapping[str, Shared]) -> Judged:
    """Judge what a share group does, by version of MQTT."""
    faults = {version: _share_fault(shared) for version, shared in found.items()}
    said = "; ".join(f"MQTT {version}: {fault or _divided(found[version])}" for version, fault in faults.items())
    if not any(faults.values()):
        return Verdict.PASS, said, ""
    if all(faults.values()):
        return Verdict.FAIL, said, "use a broker that divides, such as mosquitto, or run the consumer once"
    good = next(version for version, fault in faults.items() if not fault)
    return Verdict.UNKNOWN, said, f"which one the consumer speaks is not known; with MQTT {good} it would divide"


def judge_session(qos: int, persistent: bool, seen: Away) -> Judged:  # noqa: FBT001 - as declared
    """Judge whether the broker gives the quality that is declared, and keeps a session when one is declared."""
    if seen.granted != qos:
        granted = "refuses a subscription" if seen.granted >= REFUSED else f"grants {seen.granted}"
        return Verdict.FAIL, f"QoS {qos} is declared, the broker {granted}", "see its settings and access rules"
    if not persistent:
        return Verdict.PASS, f"QoS {qos} granted; a clean session is declared, so what comes meanwhile is lost", ""
    if not qos:
        return Verdict.PASS, "QoS 0 granted; at QoS 0 nothing is kept while the consumer is away", ""
    if not seen.present:
        return Verdict.FAIL, "the broker forgets a session as soon as its client is gone", "let it keep sessions"
    if seen.kept < seen.sent:
        return Verdict.FAIL, "the broker keeps the session and not what comes meanwhile", "see its queue settings"
    evidence = f"QoS {qos} granted, session and message kept for a client that was away"
    return Verdict.PASS, f"{evidence}; whether the consumer asks for them, its own log knows", ""


def needed(rate: float | None, downtime: float | None) -> int | None:
    """Return how many messages come while the consumer is away, or None when it is not declared."""
    return None if rate is None or downtime is None else max(1, round(rate * downtime))


def to_try(wanted: int | None) -> int:
    """Return how many messages to send to a client that is away."""
    return UNTOLD_TRIED if wanted is None else min(wanted, MOST_TRIED)


def judge_queue(rate: float | None, downtime: float | None, seen: Away) -> Judged:
    """Judge how many messages the broker keeps against what comes while the consumer is down."""
    wanted = needed(rate, downtime)
    kept = f"the broker kept {seen.kept:,} of {seen.sent:,} messages for a client that was away"
    advice = "raise it; mosquitto: max_queued_messages, 1,000 where nobody sets it"
    if not seen.present:
        return Verdict.FAIL, "the broker keeps no session, so it keeps nothing", "let it keep sessions"
    if wanted is None or rate is None or downtime is None:
        limit = kept if seen.kept < seen.sent else f"the broker kept all of {seen.sent:,} messages"
        return Verdict.UNKNOWN, f"{limit}; how many come is not declared", "declare `rate` and `downtime`"
    need = f"{rate:g} a second for {format_time(downtime)} are {wanted:,}"
    if seen.kept < seen.sent:
        return Verdict.FAIL, f"{kept}; {need}: the rest is lost", advice
    if seen.sent < wanted:
        return Verdict.UNKNOWN, f"{kept}, which is all that is tried; {need}", "see the limits in its configuration"
    return Verdict.PASS, f"{kept}; {need}", ""


def company(told: Mapping[str, str]) -> str:
    """Return in words who else is at the broker, as far as it counts; nothing when it does not."""
    counts = {
        "clients/connected": "clients connected",
        "clients/disconnected": "sessions waiting",
        "subscriptions/count": "subscriptions",
        "shared_subscriptions/count": "shared ones",
    }
    said = [f"{told[name]} {words}" for name, words in counts.items() if told.get(name, "").isdigit()]
    return f"the broker counts {', '.join(said)} in all" if said else ""


def _share_fault(shared: Shared) -> str:
    total = sum(shared.counts)
    if shared.refused:
        return "a shared subscription is refused"
    if not total:
        return f"a shared subscription is granted, and 0 of {shared.sent} messages are delivered"
    if shared.distinct < shared.sent:
        return f"{shared.sent - shared.distinct} of {shared.sent} messages are not delivered"
    if total > shared.sent:
        return f"{shared.sent} messages are delivered {total} times: every member gets them"
    return ""


def _divided(shared: Shared) -> str:
    return f"{shared.sent} messages, each to one member ({' and '.join(map(str, shared.counts))})"
