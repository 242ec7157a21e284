"""Whether a consumer may have company: what it declares that could make a second one safe, and what keeps it alone.

A declared guard is a wish to a broker and a database. It counts when it was verified, as `core.proofs` remembers. The
unique key alone unlocks: every member then stores every message, into one row. A share group alone never does: what
the broker sends again is stored again.
"""

from __future__ import annotations

from procman.core.manifest import Consumes, Instances, Kind, Service
from procman.core.mqtt import split_share
from procman.core.proofs import KEY, NOTHING, SHARE, Proofs

COSTS = "every member gets and stores every message: the work of one, times the members"


def alone(service: Service) -> bool:
    """Tell whether only one process of `service` may run on this host unless its guards are verified."""
    return service.kind is Kind.SINGLETON or service.consumes is not None


def declared(consumes: Consumes) -> tuple[str, ...]:
    """Return in words what could make a second consumer safe; a group counts when every topic is in one."""
    return tuple(words for _, words in _guards(consumes))


def group_of(consumes: Consumes, topic: str) -> str | None:
    """Return the share group that `topic` is subscribed to in: its own, else that of the consumer."""
    return split_share(topic)[0] or consumes.share


def grouped(consumes: Consumes) -> bool:
    """Tell whether every topic is in a share group."""
    return all(group_of(consumes, topic) is not None for topic in consumes.topics)


def held(service: Service, proofs: Proofs = NOTHING) -> str | None:
    """Return why `service` runs once although more is asked for, or None."""
    if service.kind is not Kind.SCALABLE or service.consumes is None or service.instances == Instances():
        return None
    return unproved(service, proofs)


def unproved(service: Service, proofs: Proofs) -> str | None:
    """Return what of the guards of `service` is not verified, or None when it may have company, or declares none."""
    consumes = service.consumes
    if consumes is None:
        return None
    guards = _guards(consumes)
    if guards and consumes.dedup is None:
        return f"{guards[0][1]} alone does not do: what the broker sends again would be stored again"
    missing = [(check, words) for check, words in guards if proofs.valid(service, check) is None]
    if missing:
        lapsed = [why for check, _ in missing if (why := proofs.lapsed(service, check))]
        said = f"{' and '.join(words for _, words in missing)} not verified"
        return f"{said} any more: {'; '.join(dict.fromkeys(lapsed))}" if lapsed else said
    return None


def proved(service: Service, proofs: Proofs) -> str | None:
    """Return in words what lets `service` have company, and what that costs; None when nothing does."""
    consumes = service.consumes
    if consumes is None or consumes.dedup is None or unproved(service, proofs) is not None:
        return None
    said = []
    for check, words in _guards(consumes):
        proof = proofs.valid(service, check)
        if proof is not None:
            said.append(f"{words}, verified {_ago(proofs.now - proof.at)} ago against {proof.against}")
    return "; ".join(said) if grouped(consumes) else f"{'; '.join(said)}; without a share group {COSTS}"


def _guards(consumes: Consumes) -> list[tuple[str, str]]:
    """Return each guard that is declared: the check that verifies it, and its words."""
    found = []
    if grouped(consumes):
        groups = dict.fromkeys(group_of(consumes, topic) for topic in consumes.topics)
        found.append((SHARE, f"share group {', '.join(f'{group!r}' for group in groups)}"))
    if consumes.dedup is not None:
        found.append((KEY, f"unique key ({', '.join(consumes.dedup.key)}) of '{consumes.dedup.table}'"))
    return found


def _ago(seconds: float) -> str:
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit:.0f} {name}"
    return f"{max(0, seconds):.0f} s"
