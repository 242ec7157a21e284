"""Consumers that are kept alone, and what they declare that could change that."""

from __future__ import annotations

import pytest

from procman.core.expand import expand
from procman.core.facts import Facts, ServiceFacts
from procman.core.guards import alone, declared, held
from procman.core.manifest import Consumes, Dedup, Instances, Kind, Manifest, Overlay, Profile
from procman.core.plan import make_plan
from procman.core.quantity import GIB, MIB
from tests.support.values import budget, service

PLAIN = Consumes("mqtt://h", ("a/+",))
SHARED = Consumes("mqtt://h", ("a/+",), share="g")
KEYED = Consumes("mqtt://h", ("a/+",), dedup=Dedup("d.db", "readings", ("time", "device")))
BOTH = Consumes("mqtt://h", ("$share/g/a", "$share/h/b"), dedup=KEYED.dedup)
KEY = "unique key (time, device) of 'readings'"


@pytest.mark.parametrize(
    ("consumes", "expected"),
    [
        (PLAIN, ()),
        (SHARED, ("share group 'g'",)),
        (KEYED, (KEY,)),
        (BOTH, ("share group 'g', 'h'", KEY)),
        (Consumes("mqtt://h", ("$share/g/a", "b")), ()),
        (Consumes("mqtt://h", ("$share/g/a", "b"), share="g"), ("share group 'g'",)),
    ],
)
def test_what_is_declared_is_said_in_words(consumes: Consumes, expected: tuple[str, ...]) -> None:
    """A group counts when every topic is in one; a key counts as it is."""
    assert expected == declared(consumes)


@pytest.mark.parametrize("instances", [2, Instances(1, None), Instances(1, 4)])
@pytest.mark.parametrize("consumes", [KEYED, BOTH])
def test_a_consumer_with_unverified_guards_is_planned_once(consumes: Consumes, instances: Instances | int) -> None:
    """However many are asked for, one is planned, with the memory of one, and the plan says why."""
    asked = service("mqtt", instances=instances, consumes=consumes)
    planned = make_plan(Manifest("p", (asked,)), budget(2 * GIB)).services[0]
    assert (1, 100 * MIB) == (planned.instances, planned.required)
    assert planned.held == f"{' and '.join(declared(consumes))} not verified"


def test_a_profile_cannot_ask_past_the_hold() -> None:
    """A profile's count is held as well, in the plan and in the comparison of profiles."""
    asked = service("mqtt", consumes=SHARED)
    big = Profile("big", None, (("mqtt", Overlay(Instances(5, 5))),))
    rows = make_plan(Manifest("p", (asked,), (big,)), budget(2 * GIB)).profiles
    assert [100 * MIB] == [row.required for row in rows]


def test_who_asks_for_one_is_not_held() -> None:
    """One instance, no topics, or a singleton: nothing is taken away, so nothing is said."""
    for asked in (
        service("mqtt", consumes=SHARED),
        service("api", instances=4),
        service("mqtt", Kind.SINGLETON, instances=2, consumes=SHARED),
    ):
        assert held(asked) is None


def test_a_scalable_consumer_is_launched_as_a_singleton() -> None:
    """It takes the host's lock on its topics, so that another project or checkout cannot run a second one."""
    asked = service("mqtt", instances=3, consumes=SHARED)
    manifest = Manifest("p", (asked, service("api")))
    facts = Facts({name: ServiceFacts("/srv", True, "/bin/serve") for name in ("mqtt", "api")})
    specs = expand(manifest, make_plan(manifest, budget(2 * GIB)), facts, "/state")
    assert [("mqtt-0", Kind.SINGLETON, ("h:1883 a/+",)), ("api-0", Kind.SCALABLE, ())] == [
        (s.unit, s.kind, tuple(map(str, s.locks))) for s in specs
    ]
    assert (True, False) == (alone(asked), alone(manifest.services[1]))
