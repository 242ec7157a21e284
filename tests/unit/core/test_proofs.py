"""What was verified, for how long it holds, and what voids it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procman.core.guards import held, proved, unproved
from procman.core.manifest import Consumes, Dedup, Instances, Kind, Service, Session
from procman.core.proofs import KEY, LIFETIME, NOTHING, SHARE, Proof, Proofs, fingerprint, from_json, to_json
from tests.support.values import service

DEDUP = Dedup("postgresql://me:sesame@h/d", "readings", ("time", "device"))
KEYED = Consumes("mqtt://me:sesame@h", ("a/+",), "c", dedup=DEDUP)
BOTH = replace(KEYED, share="g")
NOW = 1_800_000_000.0


def consumer(consumes: Consumes = BOTH, kind: Kind = Kind.SCALABLE) -> Service:
    """Return a consumer that asks for three."""
    return service("mqtt", kind, instances=3, consumes=consumes)


def proofs(of: Service, *checks: str, age: float = 60.0) -> Proofs:
    """Return the record of `checks` that passed `age` seconds ago."""
    return Proofs(tuple(Proof(of.name, c, fingerprint(of), NOW - age, f"a {c}", "seen") for c in checks), NOW)


def test_both_guards_unlock_and_are_told() -> None:
    """What lets a consumer have company is said with its age and what answered."""
    asked = consumer()
    assert held(asked, proofs(asked, KEY, SHARE)) is None
    assert (
        "share group 'g', verified 1 min ago against a shared-subscription; "
        "unique key (time, device) of 'readings', verified 1 min ago against a unique-key"
    ) == proved(asked, proofs(asked, KEY, SHARE))


def test_the_key_alone_unlocks_and_its_costs_are_said() -> None:
    """Without a group every member stores everything."""
    asked = consumer(KEYED)
    assert held(asked, proofs(asked, KEY)) is None
    assert "the work of one, times the members" in (proved(asked, proofs(asked, KEY)) or "")


@pytest.mark.parametrize("checks", [(), (KEY,), (SHARE,)])
def test_a_declared_guard_that_was_not_seen_holds(checks: tuple[str, ...]) -> None:
    """A proved key does not stand in for a declared group, nor the other way round."""
    asked = consumer()
    assert "not verified" in (held(asked, proofs(asked, *checks)) or "")
    assert proved(asked, proofs(asked, *checks)) is None


def test_a_share_group_alone_never_unlocks() -> None:
    """Also when it was verified."""
    asked = consumer(replace(BOTH, dedup=None))
    assert held(asked, proofs(asked, KEY, SHARE)) == (
        "share group 'g' alone does not do: what the broker sends again would be stored again"
    )


@pytest.mark.parametrize(
    ("age", "valid"), [(0, True), (LIFETIME - 1, True), (LIFETIME, False), (-1, False), (99 * LIFETIME, False)]
)
def test_a_proof_expires(age: float, valid: bool) -> None:
    """After a day, and when it comes from a future that the clock has not reached."""
    asked = consumer(KEYED)
    assert valid == (unproved(asked, proofs(asked, KEY, age=age)) is None)


def test_what_has_expired_is_said_with_its_time() -> None:
    """So that nobody wonders why a consumer that had three has one."""
    asked = consumer(KEYED)
    assert unproved(asked, proofs(asked, KEY, age=LIFETIME + 60)) == (
        "unique key (time, device) of 'readings' not verified any more: "
        "verified 2027-01-14T07:59:00Z, which holds for 24 h"
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(BOTH, broker="mqtt://other"),
        replace(BOTH, topics=("b",)),
        replace(BOTH, share="h"),
        replace(BOTH, client_id="d"),
        replace(BOTH, qos=2),
        replace(BOTH, session=Session.CLEAN),
        replace(BOTH, dedup=replace(DEDUP, database="postgresql://h/other")),
        replace(BOTH, dedup=replace(DEDUP, table="other")),
        replace(BOTH, dedup=replace(DEDUP, key=("time",))),
    ],
)
def test_another_wording_voids_a_proof(other: Consumes) -> None:
    """What was verified was verified for this broker, this group and this table."""
    found = proofs(consumer(), KEY, SHARE)
    assert "verified for another broker, table or command" in (held(consumer(other), found) or "")


def test_another_command_voids_a_proof_and_another_count_does_not() -> None:
    """The canary and the key were seen with this program; how often it runs is what they are for."""
    found = proofs(consumer(), KEY, SHARE)
    assert held(replace(consumer(), command=("other",)), found) is not None
    assert held(replace(consumer(), directory="other"), found) is not None
    assert held(replace(consumer(), instances=Instances(9, 9), memory=1, env=(("A", "b"),)), found) is None
    assert held(consumer(replace(BOTH, rate=5, downtime=9.0)), found) is None


def test_a_proof_of_another_service_counts_for_nothing() -> None:
    """Also when it consumes the same."""
    found = proofs(replace(consumer(), name="other"), KEY, SHARE)
    assert held(consumer(), found) is not None


def test_a_failure_removes_the_proof_and_success_renews_it() -> None:
    """The record keeps one proof of each check and wording."""
    asked = consumer()
    found = proofs(asked, KEY, SHARE)
    failed = found.with_verdict(replace(found.found[0], at=NOW), passed=False)
    assert [SHARE] == [p.check for p in failed.found]
    renewed = found.with_verdict(replace(found.found[0], at=NOW), passed=True)
    assert {KEY: NOW, SHARE: NOW - 60} == {p.check: p.at for p in renewed.found}


def test_a_record_is_read_back_and_holds_no_secret() -> None:
    """Digests stand for URLs with passwords."""
    found = proofs(consumer(), KEY, SHARE).found
    assert found == from_json(to_json(found))
    assert b"sesame" not in to_json(found)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"schema_version": 2, "proofs": []}', b"\xff", b'{"proofs": 1}'])
def test_a_damaged_record_verifies_nothing(data: bytes) -> None:
    """What cannot be read is not verified, and stops no command."""
    assert from_json(data) == ()


def test_nothing_unlocks_a_singleton() -> None:
    """No proof makes two of what must be one: that two are asked for stays an error of the rules."""
    asked = consumer(kind=Kind.SINGLETON)
    assert held(asked, proofs(asked, KEY, SHARE)) is None
    assert held(asked, NOTHING) is None
