"""Canary readings: what is sent through the real path, and what the rows say about that path. Pure.

Every reading is sent twice. Rows beyond one a reading after the first time: more than one consumer stores them. After
the second: what makes a row one is not taken from the message, such as a time of receipt.
"""

from __future__ import annotations

from procman.core.checks import Verdict
from procman.core.manifest import Canary, Consumes
from procman.core.topics import bare, filters_overlap
from procman.core.values import dataclass

READINGS = 25
TAG = "procman-canary-"


@dataclass(frozen=True, slots=True)
class Flight:
    """What came of the canaries: rows after they were sent once, and after they were sent again with one more.

    `nobody`: the broker says that nobody subscribes to the topic. `left`: rows that could not be removed.
    """

    sent: int
    once: int
    again: int | None
    nobody: bool = False
    left: int = 0


def reading(canary: Canary, tag: str, number: int) -> tuple[str, bytes]:
    """Return topic and payload of canary number `number` of those known as `tag`."""
    values = {"{tag}": tag, "{n}": str(number), "{time}": f"2001-01-01T00:{number // 60:02}:{number % 60:02}Z"}
    topic, payload = canary.topic, canary.payload
    for mark, value in values.items():
        topic, payload = topic.replace(mark, value), payload.replace(mark, value)
    return topic, payload.encode()


def fault(consumes: Consumes, canary: Canary) -> str | None:
    """Return why these canaries cannot fly, or None."""
    if consumes.dedup is None:
        return "where the rows are is not declared: `dedup`"
    if "{tag}" not in canary.topic + canary.payload:
        return "neither topic nor payload of the canary has {tag}, so its rows could not be told from yours"
    topic = reading(canary, TAG, 0)[0]
    if not any(filters_overlap(bare(each), topic) for each in consumes.topics):
        return f"the service does not consume the canary's topic '{canary.topic}'"
    return None


def judge(flight: Flight, topic: str) -> tuple[Verdict, str, str]:
    """Return verdict, evidence and help."""
    verdict, evidence, advice = _judge(flight, topic)
    if flight.left:
        evidence += f"; {flight.left} rows could not be removed"
        verdict = Verdict.FAIL
    return verdict, evidence, advice


def _judge(flight: Flight, topic: str) -> tuple[Verdict, str, str]:
    sent, once, again = flight.sent, flight.once, flight.again
    if not once:
        nobody = ": the broker says that nobody subscribes to it" if flight.nobody else ""
        advice = "compare topics, group and table with what the consumer uses, and see its log"
        return Verdict.FAIL, f"0 rows of {sent} readings on {topic}{nobody}", advice
    if once < sent:
        return Verdict.FAIL, f"{once} rows of {sent} readings: some are lost", "see the consumer's log"
    if once > sent:
        evidence = f"{once} rows of {sent} readings: about {once / sent:.1f} consumers store each"
        return (
            Verdict.FAIL,
            evidence,
            "look for a second consumer, on other hosts too, or a group written otherwise",
        )
    if again is not None and again > sent + 1:
        evidence = f"{sent} readings that came again made {again - sent - 1} new rows"
        return Verdict.FAIL, evidence, "take the key from the message, never a time of receipt; and upsert on it"
    if again is not None and again <= sent:
        return Verdict.UNKNOWN, "the last reading is not stored in time, so it is not known what a second one does", ""
    return Verdict.PASS, f"{sent} readings, each sent twice, are {sent} rows; removed again", ""
