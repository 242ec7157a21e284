"""What was seen of a broker, and the verdict on it."""

from __future__ import annotations

import pytest

from procman.core.broker_facts import (
    Away,
    Greeting,
    Shared,
    company,
    judge_broker,
    judge_queue,
    judge_session,
    judge_share,
    needed,
    to_try,
)
from procman.core.canary_facts import Flight, fault, judge, reading
from procman.core.checks import Verdict
from procman.core.manifest import Canary, Consumes, Dedup

GOOD = Shared(40, (21, 19), distinct=40)
NOTHING = Shared(40, (0, 0))
CANARY = Canary("a/{tag}/data", '{"t": "{time}", "e": "E{n}"}', "shop")
CONSUMES = Consumes("mqtt://h", ("a/+/data",), dedup=Dedup("d", "t", ("k",)), canary=CANARY)


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        ({"5": GOOD, "3.1.1": GOOD}, "PASS", "40 messages, each to one member (21 and 19)"),
        ({"5": Shared(40, (40, 0), distinct=40)}, "PASS", "(40 and 0)"),
        ({"3.1.1": NOTHING}, "FAIL", "granted, and 0 of 40 messages are delivered"),
        ({"5": Shared(40, (40, 40), distinct=40)}, "FAIL", "delivered 80 times: every member gets them"),
        ({"5": Shared(40, (20, 19), distinct=39)}, "FAIL", "1 of 40 messages are not delivered"),
        ({"5": Shared(0, (0, 0), refused=True)}, "FAIL", "is refused"),
        ({"5": GOOD, "3.1.1": NOTHING}, "UNKNOWN", "MQTT 3.1.1: a shared subscription is granted, and 0"),
    ],
)
def test_a_share_group_is_judged_by_what_it_does(found: dict[str, Shared], verdict: str, words: str) -> None:
    """Each message to one member, whoever; anything else is no guard, and half an answer is none."""
    assert verdict == judge_share(found)[0]
    assert words in judge_share(found)[1]


@pytest.mark.parametrize(
    ("qos", "persistent", "seen", "verdict", "words"),
    [
        (1, True, Away(1, True, 1, 1), "PASS", "kept for a client that was away"),
        (1, True, Away(1, False, 1, 0), "FAIL", "forgets a session"),
        (1, True, Away(1, True, 1, 0), "FAIL", "not what comes meanwhile"),
        (2, True, Away(1, True, 1, 1), "FAIL", "the broker grants 1"),
        (1, True, Away(128, False, 1, 0), "FAIL", "the broker refuses a subscription"),
        (1, False, Away(1, True, 1, 1), "PASS", "a clean session is declared"),
        (0, True, Away(0, True, 1, 0), "PASS", "at QoS 0 nothing is kept"),
    ],
)
def test_a_session_is_judged_by_what_is_kept(qos: int, persistent: bool, seen: Away, verdict: str, words: str) -> None:
    """As declared: quality, session, and what comes meanwhile."""
    found = judge_session(qos, persistent, seen)
    assert verdict == found[0]
    assert words in found[1]


@pytest.mark.parametrize(
    ("rate", "downtime", "seen", "verdict", "words"),
    [
        (10, 60.0, Away(1, True, 600, 600), "PASS", "10 a second for 1m 00s are 600"),
        (10, 600.0, Away(1, True, 6000, 1000), "FAIL", "kept 1,000 of 6,000"),
        (10, 600.0, Away(1, False, 6000, 0), "FAIL", "keeps no session"),
        (1000, 600.0, Away(1, True, 20000, 20000), "UNKNOWN", "all that is tried; 1000 a second"),
        (None, 60.0, Away(1, True, 2000, 1000), "UNKNOWN", "kept 1,000 of 2,000"),
        (10, None, Away(1, True, 2000, 2000), "UNKNOWN", "kept all of 2,000"),
    ],
)
def test_a_queue_is_judged_against_rate_and_downtime(
    rate: int | None, downtime: float | None, seen: Away, verdict: str, words: str
) -> None:
    """What is not declared cannot be judged, and what was not tried is not promised."""
    found = judge_queue(rate, downtime, seen)
    assert verdict == found[0]
    assert words in found[1]


def test_as_many_are_tried_as_are_needed_up_to_a_limit() -> None:
    """A broker is not filled for the sake of an answer."""
    assert (600, 20_000, 2_000) == (to_try(needed(10, 60)), to_try(needed(10_000, 3600)), to_try(needed(None, 60)))


def test_a_broker_is_shown_by_what_it_says_of_itself() -> None:
    """Product, versions and counts; without them, nothing is invented."""
    told = {"version": "mosquitto version 2.0.11", "clients/connected": "3", "subscriptions/count": "4"}
    assert judge_broker(Greeting(("5", "3.1.1"), told))[1] == "mosquitto 2.0.11, speaks MQTT 5 and 3.1.1"
    assert company(told) == "the broker counts 3 clients connected, 4 subscriptions in all"
    assert company({}) == ""
    assert "does not name itself" in judge_broker(Greeting(("3.1.1",)))[1]


@pytest.mark.parametrize(
    ("flight", "verdict", "words"),
    [
        (Flight(25, 25, 26), "PASS", "25 readings, each sent twice, are 25 rows"),
        (Flight(25, 0, None, nobody=True), "FAIL", "on t: the broker says that nobody subscribes"),
        (Flight(25, 0, None), "FAIL", "0 rows of 25"),
        (Flight(25, 20, None), "FAIL", "some are lost"),
        (Flight(25, 50, 101), "FAIL", "about 2.0 consumers store each"),
        (Flight(25, 25, 51), "FAIL", "came again made 25 new rows"),
        (Flight(25, 25, 25), "UNKNOWN", "the last reading is not stored"),
        (Flight(25, 25, 26, left=2), "FAIL", "2 rows could not be removed"),
    ],
)
def test_a_flight_is_judged_by_its_rows(flight: Flight, verdict: str, words: str) -> None:
    """Duplicates of the first round are second consumers, those of the second a key that is not in the message."""
    found = judge(flight, "t")
    assert verdict == found[0]
    assert words in found[1]


def test_a_canary_carries_its_tag_its_number_and_a_time_of_its_own() -> None:
    """The same number is the same reading, to the byte."""
    assert reading(CANARY, "x", 61) == ("a/x/data", b'{"t": "2001-01-01T00:01:01Z", "e": "E61"}')


def test_a_canary_that_proves_nothing_is_not_sent() -> None:
    """Without a tag, off the topics, or without a table."""
    assert fault(CONSUMES, CANARY) is None
    assert fault(Consumes("mqtt://h", ("$share/g/a/#",), dedup=CONSUMES.dedup), CANARY) is None
    assert "has {tag}" in (fault(CONSUMES, Canary("a/b/data", "{}", "shop")) or "")
    assert "does not consume" in (fault(CONSUMES, Canary("b/{tag}", "{}", "shop")) or "")
    assert "`dedup`" in (fault(Consumes("mqtt://h", ("a/+/data",)), CANARY) or "")


def test_verdicts_are_words() -> None:
    """They stand in JSON as they are."""
    assert ["PASS", "FAIL", "UNKNOWN"] == [verdict.value for verdict in Verdict]
