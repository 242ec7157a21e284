"""What a plan says of guards: verified, not verified, not any more, of another wording; in text and in JSON."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procman.cli.bars import ASCII
from procman.cli.plan_json import plan_json
from procman.cli.plan_text import plan_lines
from procman.core.manifest import Consumes, Dedup, Instances, Kind, Manifest, Service
from procman.core.plan import Plan, make_plan
from procman.core.proofs import KEY, LIFETIME, SHARE, Proof, Proofs
from procman.core.quantity import GIB, MIB
from tests.support.values import budget, service

NOW = 1_800_000_000.0
KEYED = Consumes("mqtt://h", ("a/+",), "c", dedup=Dedup("postgresql://h/d", "readings", ("time", "device")))
BOTH = replace(KEYED, share="g")
AGES = {KEY: 60.0, SHARE: 60.0}


def consumer(consumes: Consumes = BOTH, instances: Instances | int = 3) -> Service:
    """Return a consumer of which more than one is asked for."""
    return service("mqtt", instances=instances, consumes=consumes)


def proofs(of: Service, ages: dict[str, float] | None = None, kept: frozenset[str] = frozenset()) -> Proofs:
    """Return the record of checks that passed so many seconds ago."""
    found = {KEY: "PostgreSQL 15, 'readings' in postgresql://h/d", SHARE: "mosquitto at mqtt://h"}
    name = Proofs().wording(of)
    ages = AGES if ages is None else ages
    return Proofs(tuple(Proof("mqtt", c, name, NOW - age, found[c], "") for c, age in ages.items()), NOW, kept)


def planned(asked: Service, known: Proofs, usable: int = 2 * GIB) -> Plan:
    """Return the plan of one consumer."""
    return make_plan(Manifest("p", (asked,)), budget(usable), known)


def said(plan: Plan) -> str:
    """Return what the text form says under the table of services, with single spaces."""
    lines = plan_lines(plan, (), ASCII)
    assert max(map(len, lines)) <= 80
    last = max(i for i, line in enumerate(lines) if line.lstrip().startswith("sum"))
    return " ".join(" ".join(lines[last + 1 :]).split())


SEEN = (
    "share group 'g', verified 1 min ago against mosquitto at mqtt://h; unique key (time, device) of 'readings', "
    "verified 1 min ago against PostgreSQL 15, 'readings' in postgresql://h/d"
)
ALONE = (
    "unique key (time, device) of 'readings', verified 2 h ago against PostgreSQL 15, 'readings' in "
    "postgresql://h/d; without a share group every member gets and stores every message: the work of one, "
    "times the members"
)
OLD = (
    "share group 'g', verified 33 h ago against mosquitto at mqtt://h; unique key (time, device) of 'readings', "
    "verified 33 h ago against PostgreSQL 15, 'readings' in postgresql://h/d"
)
KEY_WORDS = "unique key (time, device) of 'readings' not verified"
BOTH_WORDS = f"share group 'g' and {KEY_WORDS}"


@pytest.mark.parametrize(
    ("asked", "known", "held", "verified", "count"),
    [
        (consumer(), Proofs(), BOTH_WORDS, None, 1),
        (consumer(), proofs(consumer()), None, SEEN, 3),
        (consumer(KEYED), proofs(consumer(KEYED), {KEY: 7200.0}), None, ALONE, 3),
        (
            consumer(),
            proofs(consumer(), {KEY: 60.0}),
            "share group 'g' not verified",
            None,
            1,
        ),
        (
            consumer(),
            proofs(consumer(), {KEY: LIFETIME + 60, SHARE: 60.0}),
            f"{KEY_WORDS} any more: verified 2027-01-14T07:59:00Z, which holds for 24 h",
            None,
            1,
        ),
        (
            consumer(),
            proofs(consumer(), {KEY: LIFETIME + 60, SHARE: LIFETIME + 60}),
            f"{BOTH_WORDS} any more: verified 2027-01-14T07:59:00Z, which holds for 24 h",
            None,
            1,
        ),
        (
            consumer(),
            proofs(consumer(replace(BOTH, share="other"))),
            f"{BOTH_WORDS} any more: verified for another broker, table or command",
            None,
            1,
        ),
        (consumer(), proofs(consumer(), dict.fromkeys(AGES, 33 * 3600.0), frozenset({"mqtt"})), None, OLD, 3),
        (
            consumer(),
            proofs(consumer(), dict.fromkeys(AGES, 33 * 3600.0), frozenset({"other"})),
            f"{BOTH_WORDS} any more: verified 2027-01-13T23:00:00Z, which holds for 24 h",
            None,
            1,
        ),
        (
            consumer(replace(BOTH, dedup=None)),
            proofs(consumer(replace(BOTH, dedup=None))),
            "share group 'g' alone does not do: what the broker sends again would be stored again",
            None,
            1,
        ),
    ],
)
def test_each_state_of_the_guards_is_said(
    asked: Service, known: Proofs, held: str | None, verified: str | None, count: int
) -> None:
    """Why a consumer runs once, or by what it may have company: with age, with what answered, and at what cost."""
    plan = planned(asked, known)
    expected = f"mqtt is held at one instance: {held}" if held else f"mqtt may run more than once: {verified}"
    assert expected == said(plan)
    row = {"name": "mqtt", "kind": "scalable", "memory_bytes": 100 * MIB}
    assert [{**row, "held": held, "verified": verified, "instances": count}] == plan_json(plan, (), ())["services"]


def test_nothing_is_said_of_who_runs_once_anyway() -> None:
    """One is asked for: whatever is on record of it changes nothing."""
    plan = planned(consumer(instances=1), proofs(consumer(instances=1)))
    assert said(plan) == ""
    assert (plan.services[0].held, plan.services[0].verified) == (None, None)


def test_what_may_have_company_and_has_no_room_for_it_is_not_promised_any() -> None:
    """The guards hold and the RAM is for one: the text does not speak of more, the document has what was verified."""
    asked = consumer(instances=Instances(1, None))
    plan = planned(asked, proofs(asked), usable=150 * MIB)
    assert plan.count("mqtt") == 1
    assert said(plan) == ""
    assert plan.services[0].verified == SEEN


def test_a_singleton_has_nothing_that_unlocks_it() -> None:
    """Two are asked for, which the rules refuse: nothing is said of guards, though they are on record."""
    asked = replace(consumer(instances=2), kind=Kind.SINGLETON)
    plan = planned(asked, proofs(asked))
    assert (plan.services[0].held, plan.services[0].verified) == (None, None)


def test_lines_are_wrapped_with_their_service_first() -> None:
    """As people see it, whole."""
    lines = plan_lines(planned(consumer(), Proofs()), (), ASCII)
    assert [
        "  mqtt is held at one instance: share group 'g' and unique key (time, device) of",
        "    'readings' not verified",
    ] == lines[-2:]
