"""When an instance counts as ready, when there is no hope any more, and how often is asked."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from procman.adapters.state import State
from procman.core.diff import Wanted
from procman.core.errors import Failed, Held
from procman.core.manifest import Ready
from procman.core.observed import Observed, ObservedUnit
from procman.workflow.ready import MARGIN, POLL, SHORTLY, Awaited, _check_hope, _is_ready, _until_due, pause
from tests.support.values import spec

NOWHERE = State("/nonexistent")
API = Awaited(Wanted(spec("api")), None)
JOB = Awaited(Wanted(replace(spec("job"), oneshot=True)), None)
AT = 1000.0


def unit(statename: str, name: str = "api-0", **known: object) -> ObservedUnit:
    """Return an instance in this state of supervisord's."""
    return replace(ObservedUnit(name, statename), **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("item", "seen", "ready"),
    [
        (API, unit("RUNNING", ready=True), True),
        (API, unit("RUNNING"), False),
        (API, unit("STARTING", ready=True), False),
        (API, unit("BACKOFF"), False),
        (API, unit("EXITED", completed=True), True),
        (API, unit("EXITED"), False),
        (JOB, unit("EXITED", completed=True), True),
        (JOB, unit("RUNNING", ready=True), False),
        (JOB, unit("EXITED"), False),
    ],
)
def test_ready_is_running_with_every_probe_passed(item: Awaited, seen: ObservedUnit, ready: bool) -> None:
    """What runs to its end once is ready when it has ended well, and not before; anything may end well."""
    assert ready == _is_ready(item, seen)


@pytest.mark.parametrize(
    ("item", "seconds"),
    [
        (API, 1.0 + 10.0 + MARGIN),
        (Awaited(Wanted(replace(spec("api"), start_time=3.0)), Ready(timeout=20.0, start_period=7.0)), 30.0 + MARGIN),
        (JOB, math.inf),
    ],
)
def test_patience_is_what_the_service_declares(item: Awaited, seconds: float) -> None:
    """Its start time, its start period, its probe's timeout and a margin; a oneshot may take its time."""
    assert seconds == item.patience


def hope(item: Awaited, seen: ObservedUnit | None, waited: float = 0.0) -> str | None:
    """Return why `item` cannot become ready any more, or None."""
    try:
        _check_hope(NOWHERE, item, seen, waited, AT)
    except Failed as error:
        return error.message
    return None


@pytest.mark.parametrize(
    ("seen", "waited", "said"),
    [
        (unit("STARTING"), 16.0, None),
        (unit("STARTING"), 16.1, "api-0 was not ready within 16 s"),
        (unit("RUNNING", awaits="no answer on /health"), 17.0, "api-0 was not ready within 16 s: no answer on /health"),
        (unit("BACKOFF", reason="exit status 3"), 1.0, None),
        (unit("BACKOFF", reason="exit status 3"), 17.0, "api-0 was not ready within 16 s: exit status 3"),
        (unit("BACKOFF", reason="exit status 3", retry_at=AT + 15.0), 1.0, None),
        (
            unit("BACKOFF", reason="exit status 3", retry_at=AT + 15.1),
            1.0,
            "api-0 cannot be ready within 16 s: exit status 3; its next start is 15s away",
        ),
        (unit("BACKOFF", retry_at=AT + 5.0), 16.0, "api-0 cannot be ready within 16 s; its next start is 5s away"),
        (unit("BACKOFF", retry_at=AT + 60.0), 17.0, "api-0 was not ready within 16 s"),
        (unit("BACKOFF", retry_at=AT - 5.0), 16.0, None),
        (unit("RUNNING", retry_at=AT + 99.0), 1.0, None),
        (unit("FATAL", reason="5 failures within 60 s"), 0.0, "api-0 failed: 5 failures within 60 s"),
        (unit("FATAL", retry_at=AT + 99.0), 0.0, "api-0 failed"),
        (unit("STOPPED"), 0.0, "api-0 failed"),
        (unit("STOPPED", waits="waits for db"), 1.0, None),
        (
            unit("STOPPED", waits="waits for db", blocked="db-0 has failed: exit status 1"),
            0.0,
            "api-0 waits for db, but db-0 has failed: exit status 1",
        ),
        (None, 0.0, "api-0 failed"),
    ],
)
def test_hope_ends_when_nothing_more_can_come(seen: ObservedUnit | None, waited: float, said: str | None) -> None:
    """Out of time, given up, stopped, blocked by another, or with a next start behind the end of all patience."""
    assert said == hope(API, seen, waited)


def test_who_waits_for_a_lock_is_held_and_names_the_holder() -> None:
    """That is another exit code than a failure: 75."""
    with pytest.raises(Held, match="api-0 was not started: bakery reader-0") as caught:
        _check_hope(NOWHERE, API, unit("FATAL", held="bakery reader-0"), 0.0, AT)
    assert "end the other one first" in caught.value.help


def test_a_oneshot_has_all_the_time_it_needs() -> None:
    """Only a failure ends the wait."""
    assert hope(JOB, unit("RUNNING", "job-0"), 1e6) is None
    assert hope(JOB, unit("FATAL", "job-0", reason="exit status 1"), 0.0) == "job-0 failed: exit status 1"


def test_the_words_of_who_is_to_blame_are_shown() -> None:
    """The log of what another waits for, not its own, which is empty."""
    blocked = unit("STOPPED", waits="waits for db", blocked="db-0 has failed: exit status 1")
    with pytest.raises(Failed) as caught:
        _check_hope(NOWHERE, API, blocked, 0.0, AT)
    assert caught.value.help == "db-0 wrote nothing to its log"


@pytest.mark.parametrize(
    ("units", "seconds"),
    [
        ((unit("STARTING", started=AT - 0.4),), 0.6 + SHORTLY),
        ((unit("STARTING", started=AT - 0.4), unit("STARTING", "job-0", started=AT - 0.1)), 0.9 + SHORTLY),
        ((unit("STARTING", started=AT - 1.0),), math.inf),
        ((unit("STARTING", started=AT - 9.0),), math.inf),
        ((unit("STARTING"),), math.inf),
        ((unit("RUNNING", started=AT - 0.4),), math.inf),
        ((), math.inf),
    ],
)
def test_the_end_of_a_start_time_is_not_slept_over(units: tuple[ObservedUnit, ...], seconds: float) -> None:
    """The next look comes just after the last of those that start has run for as long as it must."""
    assert _until_due([API, JOB], Observed(1, "RUNNING", AT, units)) == pytest.approx(seconds)


def test_a_busy_manager_is_asked_less_often() -> None:
    """Three times as long as it took to answer, and never more often than every 50 ms."""
    assert (pause(0.0), pause(POLL / 3), pause(1.0)) == (POLL, POLL, 3.0)
