"""Members that were given up, while the broker goes on giving them a share of the messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procman.core.checks import Verdict
from procman.core.manifest import Consumes, Session
from procman.core.observed import Observed, ObservedUnit
from procman.workflow.asking import Consumer
from procman.workflow.stranded import check
from tests.support.values import service, spec

SHARED = Consumes("mqtt://h", ("a",), "c", share="g")
UP, DOWN = "RUNNING", "FATAL"


def asked(*statenames: str, consumes: Consumes = SHARED, others: tuple[ObservedUnit, ...] = ()) -> Consumer:
    """Return a consumer of which so many members are in these states."""
    units = tuple(ObservedUnit(f"mqtt-{n}", name) for n, name in enumerate(statenames))
    of = service("mqtt", instances=len(statenames) or 1, consumes=consumes)
    return Consumer(of, spec("mqtt"), Observed(1, "RUNNING", 0.0, (*units, *others)))


def test_members_that_run_are_well() -> None:
    """Also one that is down for a restart, whose next start takes what waits for it."""
    assert check(asked(UP, UP)) == (Verdict.PASS, "2 members, none has failed", "")
    assert check(asked(UP, "BACKOFF", "STARTING")) == (Verdict.PASS, "3 members, none has failed", "")


def test_a_member_that_was_given_up_is_told_with_what_helps() -> None:
    """Who, why, what that means, and both ways out."""
    answer = check(asked(UP, DOWN, DOWN))
    assert answer == (
        Verdict.FAIL,
        "mqtt-1, mqtt-2 failed: no reason known; the broker goes on putting messages into the session of each",
        "procman start mqtt-1; or procman verify --hand-on gives the others what waits there",
    )
    consumer = asked(UP, DOWN)
    assert consumer.observed is not None
    units = (consumer.observed.units[0], replace(consumer.observed.units[1], reason="exit status 3"))
    answer = check(replace(consumer, observed=replace(consumer.observed, units=units)))
    assert answer is not None
    assert answer[1].startswith("mqtt-1 failed: exit status 3; ")


@pytest.mark.parametrize(
    "consumer",
    [
        asked(DOWN),
        asked(),
        asked(DOWN, others=(ObservedUnit("other-1", DOWN),)),
        asked(UP, DOWN, consumes=replace(SHARED, share=None)),
        asked(UP, DOWN, consumes=replace(SHARED, session=Session.CLEAN)),
        asked(UP, DOWN, consumes=replace(SHARED, client_id=None)),
        replace(asked(UP, DOWN), observed=None),
    ],
)
def test_nothing_is_stranded_where_nothing_is_divided(consumer: Consumer) -> None:
    """One member, no group, no session that is kept, or nobody that runs."""
    assert check(consumer) is None
