"""Events of the journal as values and words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.events import Event, parse, parsed, told

FACTS = st.dictionaries(
    st.sampled_from(["code", "signal", "reason", "units", "uptime", "memory", "peak", "pid", "seconds", "by"]),
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.floats(allow_nan=False, width=32),
)
NAMES = st.sampled_from(
    [
        "start",
        "running",
        "stopping",
        "exit",
        "restart-planned",
        "failed",
        "held",
        "orphans-ended",
        "command",
        "manager-start",
        "other",
    ]
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"at":1,"event":"exit","unit":"a-0","code":1,"uptime":12.2}', "code 1 after 12s"),
        ('{"at":1,"event":"exit","unit":"a-0","signal":9}', "SIGKILL"),
        ('{"at":1,"event":"exit","unit":"a-0","signal":63}', "signal 63"),
        (
            '{"at":1,"event":"exit","unit":"a-0","code":0,"memory":1048576,"peak":2097152,"asked":true}',
            "code 0 with 1 MiB (peak 2 MiB) as asked",
        ),
        ('{"at":1,"event":"restart-planned","unit":"a-0","seconds":2.0,"failures":3}', "in 2s (3 failures)"),
        ('{"at":1,"event":"restart-planned","unit":"a-0","seconds":0.0,"failures":1}', "at once"),
        ('{"at":1,"event":"command","command":"stop","by":"root","units":["a-0"]}', "procman stop by root: a-0"),
        ('{"at":1,"event":"manager-start","pid":7,"units":2}', "pid 7, 2 instances"),
        ('{"at":1,"event":"manager-stop","pid":7,"again":true}', "pid 7, to read its file anew (SIGHUP)"),
        ('{"at":1,"event":"held","unit":"a-0","reason":"pid 3 \\u001b[31m has it"}', "pid 3 \\x1b[31m has it"),
        ('{"at":1,"event":"orphans-ended","unit":"a-0","pids":[4,5]}', "left behind by an earlier process: pid 4, 5"),
        (
            '{"at":1,"event":"memory-limit","memory":73400320,"limit":62914560,"seconds":0.75,"often":true}',
            "70 MiB of 60 MiB, over it for 750ms, about every minute",
        ),
        (
            '{"at":1,"event":"exit","unit":"a-0","signal":9,"oom_kills":1,"hard":157286400}',
            "SIGKILL by the kernel for its hard limit, 150 MiB",
        ),
        (
            '{"at":1,"event":"exit","unit":"a-0","signal":9,"machine_oom_kills":1}',
            "SIGKILL while the kernel's OOM killer was at work",
        ),
        (
            '{"at":1,"event":"oom-kill","unit":"a-0","killed":2,"limit":157286400}',
            "2 processes of it killed by the kernel for the hard limit, 150 MiB",
        ),
        ('{"at":1,"event":"of-a-later-version","unit":"a-0","number":3}', "number 3"),
    ],
)
def test_each_event_has_its_words(line: str, words: str) -> None:
    """What happened is told in a few words, with nothing that steers a terminal."""
    event = parse(line)
    assert event is not None
    assert words == told(event)


@pytest.mark.parametrize("line", ["", "{", "[]", "7", '{"at":true,"event":"x"}', '{"at":1}', "[" * 100_000, "\0"])
def test_what_is_no_event_is_left_out(line: str) -> None:
    """Damage is no event, and no error."""
    assert parse(line) is None


def test_events_are_in_the_order_of_their_times() -> None:
    """Two writers may come into each other's way; the times decide."""
    found = parsed(['{"at":2,"event":"b"}', "damage", '{"at":1,"event":"a"}'])
    assert [event.event for event in found] == ["a", "b"]


def test_a_command_concerns_each_of_its_instances() -> None:
    """An event of a command is shown with the services it was about."""
    event = parse('{"at":1,"event":"command","units":["api-0","mqtt-0"]}')
    assert event is not None
    assert [event.concerns([name]) for name in ("api", "mqtt-0", "api-1", "ap")] == [True, True, False, False]


@given(NAMES, FACTS)
def test_whatever_the_facts_are_there_are_words(name: str, facts: dict[str, object]) -> None:
    """Facts of the wrong kind are told badly, and never end the command."""
    assert told(Event(1.0, name, "a-0", facts)).isprintable()
