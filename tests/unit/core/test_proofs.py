"""What was verified, for how long it holds, and what voids it."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from procman.core.guards import held, proved, unproved
from procman.core.lifecycle import Alive, Ready, Start, Until
from procman.core.manifest import (
    Address,
    Canary,
    Consumes,
    Dedup,
    Instances,
    Kind,
    Logs,
    Restart,
    Service,
    Session,
    Stop,
)
from procman.core.proofs import KEY, LIFETIME, NOTHING, SHARE, Proof, Proofs, fingerprint, from_json, to_json
from tests.support.values import service

DEDUP = Dedup("postgresql://me:sesame@h/d", "readings", ("time", "device"))
KEYED = Consumes("mqtt://me:sesame@h", ("a/+",), "c", dedup=DEDUP)
BOTH = replace(KEYED, share="g")
NOW = 1_800_000_000.0


def consumer(consumes: Consumes = BOTH, kind: Kind = Kind.SCALABLE) -> Service:
    """Return a consumer that asks for three."""
    return service("mqtt", kind, instances=3, consumes=consumes)


def proofs(of: Service, *checks: str, age: float = 60.0, base: str = "/srv") -> Proofs:
    """Return the record of `checks` that passed `age` seconds ago, of the project in `base`."""
    name = Proofs(base=base).wording(of)
    return Proofs(tuple(Proof(of.name, c, name, NOW - age, f"a {c}", "seen") for c in checks), NOW, base=base)


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


COUNT = "how often it runs, or with what, is what the guards are for: they are asked of a broker and a table"
ASIDE = "neither guard is asked with it"
CHANGES: dict[str, tuple[Service, str | None]] = {
    # each field with another value, and why it may change without a new look; None: it may not
    "command": (replace(consumer(), command=("other",)), None),
    "directory": (replace(consumer(), directory="other"), None),
    "user": (replace(consumer(), user="other"), None),
    "consumes.broker": (consumer(replace(BOTH, broker="mqtt://other")), None),
    "consumes.topics": (consumer(replace(BOTH, topics=("b",))), None),
    "consumes.client_id": (consumer(replace(BOTH, client_id="d")), None),
    "consumes.qos": (consumer(replace(BOTH, qos=2)), None),
    "consumes.session": (consumer(replace(BOTH, session=Session.CLEAN)), None),
    "consumes.share": (consumer(replace(BOTH, share="h")), None),
    "consumes.ca": (consumer(replace(BOTH, ca="ca.pem")), None),
    "consumes.dedup.database": (consumer(replace(BOTH, dedup=replace(DEDUP, database="postgresql://h/other"))), None),
    "consumes.dedup.table": (consumer(replace(BOTH, dedup=replace(DEDUP, table="other"))), None),
    "consumes.dedup.key": (consumer(replace(BOTH, dedup=replace(DEDUP, key=("time",)))), None),
    "consumes.rate": (consumer(replace(BOTH, rate=5)), ASIDE),
    "consumes.downtime": (consumer(replace(BOTH, downtime=9.0)), ASIDE),
    "consumes.canary": (consumer(replace(BOTH, canary=Canary("a/{tag}", "x", "device"))), ASIDE),
    "name": (replace(consumer(), name="other"), "a proof holds the name itself"),
    "kind": (consumer(kind=Kind.SINGLETON), "a singleton is never unlocked"),
    "shell": (replace(consumer(), shell=True), "the command has its words"),  # noqa: S604 - nothing runs
    "instances": (replace(consumer(), instances=Instances(9, 9)), COUNT),
    "memory": (replace(consumer(), memory=1), COUNT),
    "hard": (replace(consumer(), hard=1), COUNT),
    "runtime": (replace(consumer(), runtime="java"), COUNT),
    "weight": (replace(consumer(), weight=2), COUNT),
    "env": (replace(consumer(), env=(("A", "b"),)), COUNT),
    "env_file": (replace(consumer(), env_file=".env"), COUNT),
    "listen": (replace(consumer(), listen=Address("h", 1)), ASIDE),
    "listens": (replace(consumer(), listens=(Address("h", 1), Address("h", 2))), ASIDE),
    "drain": (replace(consumer(), drain=False), ASIDE),
    "ready": (replace(consumer(), ready=Ready(notify=True)), ASIDE),
    "alive": (replace(consumer(), alive=Alive(notify=True)), ASIDE),
    "start": (replace(consumer(), start=Start(9.0)), ASIDE),
    "stop": (replace(consumer(), stop=Stop(9.0)), ASIDE),
    "restart": (replace(consumer(), restart=Restart(9)), ASIDE),
    "logs": (replace(consumer(), logs=Logs(9)), ASIDE),
    "oneshot": (replace(consumer(), oneshot=True), ASIDE),
    "depends_on": (replace(consumer(), depends_on=(("db", Until.READY),)), ASIDE),
}


def paths(record: type, prefix: str = "") -> set[str]:
    """Return every field of `record`, those of `consumes` and of its key one by one."""
    inner: dict[str, type] = {"consumes": Consumes, "consumes.dedup": Dedup}
    names = {f"{prefix}{field.name}" for field in fields(record)}
    return names - inner.keys() | {path for name in names & inner.keys() for path in paths(inner[name], f"{name}.")}


def test_every_field_of_a_consumer_voids_a_proof_or_is_spared_with_a_reason() -> None:
    """A new field is either part of what was verified, or somebody has said why not."""
    assert paths(Service) == CHANGES.keys()


@pytest.mark.parametrize("path", [path for path, (_, spared) in CHANGES.items() if spared is None])
def test_another_wording_voids_a_proof(path: str) -> None:
    """What was verified was verified for this broker, this group, this table and this program."""
    found = proofs(consumer(), KEY, SHARE)
    assert "verified for another broker, table or command" in (held(CHANGES[path][0], found) or "")


@pytest.mark.parametrize("path", [path for path, (_, spared) in CHANGES.items() if spared is not None])
def test_what_no_guard_is_asked_with_voids_nothing(path: str) -> None:
    """A fourth member, or a longer stop, needs no new look at the table."""
    other = CHANGES[path][0]
    assert other != consumer()
    assert fingerprint(other, "/srv") == fingerprint(consumer(), "/srv")


@pytest.mark.parametrize(
    ("consumes", "same"),
    [
        (BOTH, True),
        (replace(BOTH, ca="/etc/ca.pem"), True),
        (replace(BOTH, ca="ca.pem"), False),
        (replace(BOTH, dedup=replace(DEDUP, database="/var/d.db")), True),
        (replace(BOTH, dedup=replace(DEDUP, database="sqlite:////var/d.db")), True),
        (replace(BOTH, dedup=replace(DEDUP, database="d.db")), False),
        (replace(BOTH, dedup=replace(DEDUP, database="sqlite:///d.db")), False),
    ],
)
def test_a_file_of_another_checkout_was_not_verified(consumes: Consumes, same: bool) -> None:
    """The same words in a manifest in another folder: a broker and a server are the same there, a file is not."""
    asked = consumer(consumes)
    found = replace(proofs(asked, KEY, SHARE, base="/srv/a"), base="/srv/b")
    assert same == (held(asked, found) is None)
    assert held(asked, replace(found, base="/srv/a")) is None


def test_a_service_in_another_folder_uses_another_file() -> None:
    """A file lies in the folder of its service, however that is written."""
    asked = replace(consumer(replace(BOTH, dedup=replace(DEDUP, database="d.db"))), directory="x/../data")
    assert held(asked, proofs(asked, KEY, SHARE, base="/srv")) is None
    assert Proofs(base="/srv").wording(asked) == fingerprint(asked, "/srv/data")


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
