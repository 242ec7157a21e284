"""Why a process died, told from the events alone."""

from __future__ import annotations

import signal
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.advice import Means, advice
from procman.core.deaths import Cause, Death, around, deaths, with_kernel_log, with_words
from procman.core.events import Event

MIB = 1 << 20


def story(*events: tuple[str, Mapping[str, object]]) -> tuple[Event, ...]:
    """Return events a second apart, of api-0 unless they are of a command or the manager."""
    own = ("start", "unwell", "running", "stopping", "exit", "held", "failed", "not-replaced")
    return tuple(Event(float(i), name, "api-0" if name in own else "", facts) for i, (name, facts) in enumerate(events))


def only(*events: tuple[str, Mapping[str, object]]) -> Death:
    """Return the one death of a story."""
    (death,) = deaths(story(*events))
    return death


START: tuple[str, dict[str, object]] = ("start", {})
KILLED: dict[str, object] = {"signal": int(signal.SIGKILL), "pid": 7}
ASKED: dict[str, object] = {"signal": int(signal.SIGTERM), "asked": True}
STOP: dict[str, object] = {"command": "stop", "by": "root", "units": ["api-0"]}


@pytest.mark.parametrize(
    ("events", "cause", "words"),
    [
        ([("exit", {"code": 3})], Cause.CRASH, "code 3, it failed by itself"),
        (
            [("unwell", {"failures": 3, "of": 3, "reason": "GET /health: 503"}), ("exit", {"signal": 15})],
            Cause.UNWELL,
            "SIGTERM, ended by procman: unwell in 3 looks of its alive probe: GET /health: 503",
        ),
        ([("unwell", {"failures": 2, "of": 3}), ("exit", {"code": 3})], Cause.CRASH, "it failed by itself"),
        ([("exit", {"code": 0})], Cause.EXIT, "code 0, it ended by itself, without an error"),
        ([("exit", {"signal": int(signal.SIGSEGV)})], Cause.CRASH, "SIGSEGV, a crash of its own"),
        ([("exit", KILLED)], Cause.SIGNAL, "SIGKILL, not sent by procman; the kernel does not tell who sent a signal"),
        (
            [("exit", {**KILLED, "oom_kills": 1, "hard": 600 * MIB})],
            Cause.HARD,
            "SIGKILL, killed by the kernel for its hard memory limit, 600 MiB",
        ),
        ([("exit", {**KILLED, "machine_oom_kills": 1})], Cause.KERNEL, "the kernel's OOM killer"),
        (
            [("stopping", {"reason": "memory limit: 70 MiB of 60 MiB"}), ("exit", ASKED)],
            Cause.MEMORY,
            "SIGTERM, stopped by procman: memory limit: 70 MiB of 60 MiB",
        ),
        (
            [("command", STOP), ("stopping", {}), ("exit", ASKED)],
            Cause.OPERATOR,
            "stopped by an operator: procman stop by root",
        ),
        ([("stopping", {}), ("exit", ASKED)], Cause.CLIENT, "such as supervisorctl"),
        ([("stopping", {"reason": "rolling reload"}), ("exit", ASKED)], Cause.PROCMAN, "by procman: rolling reload"),
        (
            [("manager-stop", {}), ("stopping", {"reason": "the manager stops"}), ("exit", ASKED)],
            Cause.MANAGER,
            "stopped with the manager",
        ),
        (
            [("manager-stop", {"again": True}), ("stopping", {"reason": "the manager stops"}), ("exit", ASKED)],
            Cause.MANAGER,
            "SIGHUP",
        ),
    ],
)
def test_each_end_has_its_cause(events: list[tuple[str, dict[str, object]]], cause: Cause, words: str) -> None:
    """The cause and the sender are told, as far as there is a trace of them."""
    death = only(START, *events)
    assert cause == death.cause
    assert words in death.phrase


def test_what_outlived_its_stop_time_says_so() -> None:
    """A stop that ended in SIGKILL is still a stop, and tells that the process did not end in time."""
    death = only(START, ("command", STOP), ("stopping", {}), ("exit", {**KILLED, "asked": True}))
    assert (death.cause, death.overdue) == (Cause.OPERATOR, True)
    assert "killed when it did not end in its stop time" in death.phrase
    assert "raise stop.timeout" in advice((death,), Means(None, 1, 0, 0))[0]


@pytest.mark.parametrize(("boot", "words"), [("a", "it was killed"), ("b", "the machine was started anew")])
def test_what_died_with_its_manager(boot: str, words: str) -> None:
    """A manager that ended without a word took what ran with it; another boot tells the two apart."""
    death = only(
        ("manager-start", {"pid": 5, "boot": "a"}),
        START,
        ("running", {"pid": 7}),
        ("manager-start", {"pid": 9, "boot": boot}),
    )
    assert (death.cause, death.pid) == (Cause.LOST, 7)
    assert words in death.sender
    assert "pid 5" in death.sender


def test_a_second_manager_that_starts_nothing_ends_nothing() -> None:
    """A passive manager beside the one that runs is no new beginning."""
    passive = ("manager-start", {"pid": 9, "boot": "a", "passive": True})
    assert deaths(story(("manager-start", {"pid": 5, "boot": "a"}), START, passive)) == ()


def test_an_old_command_is_not_blamed() -> None:
    """A stop of today is not of the command of yesterday."""
    events = [Event(0.0, "command", "", STOP), Event(5e4, "stopping", "api-0"), Event(5e4, "exit", "api-0", ASKED)]
    assert deaths(events)[0].cause is Cause.CLIENT


def test_last_words_tell_a_full_heap() -> None:
    """A crash whose last words are those of a full heap is one."""
    death = with_words(only(START, ("exit", {"signal": int(signal.SIGABRT)})), ("FATAL ERROR: heap out of memory",))
    assert death.cause is Cause.HEAP


def test_the_kernels_log_names_the_oom_killer() -> None:
    """A SIGKILL whose pid stands in the kernel's log at that time was the OOM killer's; at another time it was not."""
    death = only(START, ("exit", KILLED))
    assert with_kernel_log(death, {7: (death.at + 2, "Killed process 7 (node)")}).cause is Cause.KERNEL
    assert with_kernel_log(death, {7: (death.at + 900, "Killed process 7 (node)")}).cause is Cause.SIGNAL
    assert with_kernel_log(death, {8: (death.at, "Killed process 8 (node)")}).cause is Cause.SIGNAL


def test_what_was_measured_around_it() -> None:
    """Uptime, memory and restarts stand behind a death."""
    again: tuple[str, dict[str, object]] = ("start", {"again": True})
    exit_: dict[str, object] = {
        "code": 1,
        "uptime": 65.0,
        "memory": 90 * MIB,
        "peak": 120 * MIB,
        "available": 900 * MIB,
    }
    death = only(START, again, again, ("exit", exit_))
    assert around(death) == (
        "ran 1m 05s; memory 90 MiB, at most 120 MiB; the machine had 900 MiB available; restarts in the hour before: 2"
    )


def test_a_limit_that_is_too_low_is_to_be_raised() -> None:
    """What usually needs nearly its limit gets a higher one, if that fits."""
    death = Death(1.0, "api-0", Cause.MEMORY, "", peak=401 * MIB, uptime=60.0)
    means = Means(400 * MIB, 2, 800 * MIB, 1504 * MIB, usual=380 * MIB)
    assert advice((death,), means) == ("limit 400M, usual peak 401M: raise to 510M; fits (1020M of 1504M)",)
    tight = Means(400 * MIB, 2, 800 * MIB, 900 * MIB, usual=None)
    assert "does not fit (1020M of 900M)" in advice((death,), tight)[0]


def test_a_leak_is_not_cured_by_a_limit() -> None:
    """What usually needs far less than its limit has a leak."""
    death = Death(1.0, "api-0", Cause.MEMORY, "", peak=401 * MIB, uptime=3600.0)
    said = advice((death,), Means(400 * MIB, 1, 0, 1, usual=120 * MIB))[0]
    assert "usually 120M: it grew within 1h 00m, as a leak does" in said


NAMES = ["start", "running", "stopping", "exit", "command", "manager-start", "manager-stop", "held"]
FACTS = st.dictionaries(
    st.sampled_from(["code", "signal", "asked", "reason", "units", "log", "pid", "boot", "again", "peak", "oom_kills"]),
    st.none() | st.booleans() | st.integers(-5, 200) | st.text(max_size=5) | st.lists(st.integers(), max_size=4),
    max_size=5,
)


@given(st.lists(st.tuples(st.sampled_from(NAMES), FACTS), max_size=30))
def test_no_history_breaks_it(events: list[tuple[str, dict[str, object]]]) -> None:
    """Whatever a journal holds, deaths are told and advice is given."""
    found = deaths(story(*events))
    assert len(found) <= len(events)
    assert all(d.phrase + around(d) for d in found)
    advice(found, Means(None, 1, 0, 0))


@pytest.mark.parametrize(("way", "cause"), [("beside", Cause.PROCMAN), ("in place", Cause.OPERATOR)])
def test_a_replacement_that_is_given_up_was_not_ended_by_the_operator(way: str, cause: Cause) -> None:
    """Who asked for the replacement did not ask for its end; in its place the old one was ended, and that was asked."""
    told = {"way": way, "reason": "was not ready within 9 s", "seconds": 3.0}
    events = (
        ("command", {**STOP, "command": "reload"}),
        *(START, ("stopping", {"pid": 7}), ("exit", {**ASKED, "pid": 7}), ("not-replaced", told)),
        *(("stopping", {"pid": 5}), ("exit", {**ASKED, "pid": 5})),
    )
    given_up, ended = deaths(story(*events))
    assert given_up.cause is cause
    assert (given_up.sender == "stopped by procman: a replacement that was not ready within 9 s") == (way == "beside")
    assert ended.cause is Cause.OPERATOR
