"""What was verified of a consumer, when and against what: the memory of `procman verify`. Pure.

A proof holds for one wording of the consumer: a changed broker, table or command voids it. It holds for a day: a table
can lose its index without a word to anybody.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from posixpath import join, normpath

from procman.core.database_place import file_of
from procman.core.manifest import Service
from procman.core.values import dataclass, replace

SCHEMA_VERSION = 1
LIFETIME = 24 * 3600.0
KEY, SHARE = "unique-key", "shared-subscription"
GUARDS = (KEY, SHARE)


@dataclass(frozen=True, slots=True)
class Proof:
    """One check of one consumer that passed at `at` (seconds since 1970). `against`: what answered, in words."""

    service: str
    check: str
    fingerprint: str
    at: float
    against: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Proofs:
    """All that is on record, and the time it is looked at. Empty: nothing was verified.

    `kept`: services that have company already; for them it does not grow old. `base`: the folder of the manifest.
    """

    found: tuple[Proof, ...] = ()
    now: float = 0.0
    kept: frozenset[str] = frozenset()
    base: str = "/"

    def valid(self, service: Service, check: str) -> Proof | None:
        """Return the proof of `check` that holds for `service` now, or None."""
        known = [p for p in self.found if p.service == service.name and p.check == check]
        if not known:
            return None
        wanted = self.wording(service)
        return next((p for p in known if p.fingerprint == wanted and self._holds(p)), None)

    def wording(self, service: Service) -> str:
        """Return the fingerprint of `service` in this project."""
        return fingerprint(service, normpath(join(self.base, service.directory)))

    def _holds(self, proof: Proof) -> bool:
        return proof.service in self.kept or holds(proof, self.now)

    def lapsed(self, service: Service, check: str) -> str:
        """Return in words why what was once verified does not hold any more; nothing when it never was."""
        known = [p for p in self.found if p.service == service.name and p.check == check]
        if not known:
            return ""
        wanted = self.wording(service)
        same = [p for p in known if p.fingerprint == wanted]
        if not same:
            return "verified for another broker, table or command"
        return f"verified {moment(same[0].at)}, which holds for {LIFETIME / 3600:.0f} h"

    def with_verdict(self, proof: Proof, *, passed: bool) -> Proofs:
        """Return the record after one more verdict: it takes the place of the one before; long lapsed ones go."""
        kept = tuple(
            p
            for p in self.found
            if (p.service, p.check, p.fingerprint) != (proof.service, proof.check, proof.fingerprint)
            and self.now - p.at < 30 * LIFETIME
        )
        return replace(self, found=(*kept, proof) if passed else kept)


NOTHING = Proofs()


def holds(proof: Proof, now: float) -> bool:
    """Tell whether `proof` has not expired; one from the future, after a clock went back, has."""
    return 0 <= now - proof.at < LIFETIME


def moment(at: float) -> str:
    """Return a time as RFC 3339 UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def fingerprint(service: Service, directory: str) -> str:
    """Return a name for what was verified: what is consumed and how, where it is stored, and the command.

    `directory` is the service's, whole: a file is known by its whole path, since another checkout has another one.
    """
    import hashlib  # noqa: PLC0415 - OpenSSL is 5 ms that few plans need

    consumes = service.consumes
    if consumes is None:
        return ""
    dedup = consumes.dedup
    parts = (
        (service.command, service.directory, service.user),
        (consumes.broker, consumes.topics, consumes.client_id, consumes.qos, consumes.session.value, consumes.share),
        *((join(directory, consumes.ca),) if consumes.ca else ()),
        (file_of(dedup.database, directory) or dedup.database, dedup.table, dedup.key) if dedup else None,
    )
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()


def to_json(proofs: Iterable[Proof]) -> bytes:
    """Return the bytes of the record."""
    import json  # noqa: PLC0415 - most projects have no proof

    rows = [
        {
            "service": p.service,
            "check": p.check,
            "fingerprint": p.fingerprint,
            "at": p.at,
            "against": p.against,
            "evidence": p.evidence,
        }
        for p in proofs
    ]
    return json.dumps({"schema_version": SCHEMA_VERSION, "proofs": rows}, indent=1).encode() + b"\n"


def from_json(data: bytes) -> tuple[Proof, ...]:
    """Return the record in `data`; none when it is damaged or of another version: what is not sure is not verified."""
    import json  # noqa: PLC0415 - same

    try:
        raw = json.loads(data)
        if raw["schema_version"] != SCHEMA_VERSION:
            return ()
        return tuple(
            Proof(
                str(row["service"]),
                str(row["check"]),
                str(row["fingerprint"]),
                float(row["at"]),
                str(row["against"]),
                str(row["evidence"]),
            )
            for row in raw["proofs"]
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return ()
