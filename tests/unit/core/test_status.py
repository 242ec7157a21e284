"""What runs against what should."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procman.core.applied import Applied, AppliedService
from procman.core.observed import Observed, ObservedUnit
from procman.core.status import InstanceStatus, Measured, State, rows, state_of

NOW = 1000.0
API = AppliedService("api", "scalable", 1, 400, probed=True)
MQTT = AppliedService("mqtt", "singleton", 1, 300, probed=False)


def applied(*services: AppliedService, stopped: tuple[str, ...] = ()) -> Applied:
    """Return the record of a plan with `services`."""
    return Applied("p", "/p.yaml", "", (), (), None, (), stopped, services, 0, 0)


def observed(*units: ObservedUnit) -> Observed:
    """Return a running manager that knows `units`, seen at NOW."""
    return Observed(1, "RUNNING", NOW, units)


@pytest.mark.parametrize(
    ("name", "held", "probed", "ready", "state"),
    [
        ("STARTING", None, False, False, State.STARTING),
        ("STARTING", None, True, True, State.STARTING),
        ("RUNNING", None, False, False, State.RUNNING),
        ("RUNNING", None, True, False, State.STARTING),
        ("RUNNING", None, True, True, State.READY),
        ("BACKOFF", None, False, False, State.BACKOFF),
        ("BACKOFF", "pid 7", True, True, State.BACKOFF),
        ("EXITED", None, False, False, State.BACKOFF),
        ("STOPPING", None, True, True, State.STOPPING),
        ("STOPPED", None, True, True, State.STOPPED),
        ("FATAL", None, False, False, State.FAILED),
        ("FATAL", "pid 7", False, False, State.HELD),
        ("RUNNING", "pid 7", False, False, State.RUNNING),
        ("UNKNOWN", None, False, False, State.FAILED),
        ("SOMETHING NEW", None, False, False, State.FAILED),
    ],
)
def test_state_of_a_unit(name: str, held: str | None, probed: bool, ready: bool, state: State) -> None:
    """Every state of supervisord has one word; one it does not know is never taken for a good one."""
    assert state == state_of(ObservedUnit("api-0", name, held=held, ready=ready), probed=probed)


@pytest.mark.parametrize(
    ("unit", "state", "reason"),
    [
        (ObservedUnit("mqtt-0", "EXITED", completed=True, exit="exit status 0"), State.COMPLETED, None),
        (
            ObservedUnit("mqtt-0", "STOPPED", waits="waits for db to be ready"),
            State.STARTING,
            "waits for db to be ready",
        ),
        (
            ObservedUnit("mqtt-0", "STOPPED", waits="waits for db to be ready", blocked="db-0 is stopped"),
            State.FAILED,
            "waits for db to be ready: db-0 is stopped",
        ),
        (
            ObservedUnit("mqtt-0", "FATAL", reason="6 failures", retry_at=NOW + 200),
            State.FAILED,
            "6 failures; tried again in 3m 20s",
        ),
        (ObservedUnit("mqtt-0", "FATAL", reason="6 failures"), State.FAILED, "6 failures"),
        (
            ObservedUnit("mqtt-0", "BACKOFF", reason="SIGSEGV", retry_at=NOW + 5),
            State.BACKOFF,
            "SIGSEGV; starts again in 5s",
        ),
        (ObservedUnit("mqtt-0", "BACKOFF", reason="SIGSEGV"), State.BACKOFF, "SIGSEGV"),
    ],
)
def test_ends_and_waits_are_told(unit: ObservedUnit, state: State, reason: str | None) -> None:
    """An end that was wanted, what is waited for, why that is in vain, and when a failed unit is tried again."""
    (row,) = rows(applied(MQTT), observed(unit), {})
    assert (row.state, row.reason) == (state, reason)


@pytest.mark.parametrize(
    ("state", "wanted", "good"),
    [(state, True, state in (State.READY, State.RUNNING, State.COMPLETED)) for state in State]
    + [(state, False, state is State.STOPPED) for state in State],
)
def test_as_wanted_is_ready_or_running_when_wanted_and_stopped_when_not(state: State, wanted: bool, good: bool) -> None:
    """What is wanted is up, and what is not is stopped: nothing between counts as well."""
    assert good == InstanceStatus("api", 0, "scalable", state, wanted).as_wanted


def test_row_of_a_ready_instance() -> None:
    """A row joins the plan's limit, the manager's pid and the measured memory."""
    unit = ObservedUnit("api-0", "RUNNING", pid=7, started=940.0, restarts=2, ready=True)
    expected = InstanceStatus(
        "api", 0, "scalable", State.READY, wanted=True, pid=7, uptime=60.0, memory=123, limit=400, restarts=2
    )
    assert (expected,) == rows(applied(API), observed(unit), {"api-0": Measured(123)})


def test_instance_that_the_manager_does_not_know_is_stopped_and_wanted() -> None:
    """What should exist has a row even when the manager knows nothing of it."""
    expected = InstanceStatus("mqtt", 0, "singleton", State.STOPPED, wanted=True, limit=300)
    assert (expected,) == rows(applied(MQTT), observed(), {})


def test_instance_that_the_operator_stopped_is_as_wanted() -> None:
    """A stop by the operator is no fault."""
    unit = ObservedUnit("mqtt-0", "STOPPED", pid=0, started=940.0, reason="stopped")
    (row,) = rows(applied(MQTT, stopped=("mqtt-0",)), observed(unit), {})
    assert (InstanceStatus("mqtt", 0, "singleton", State.STOPPED, wanted=False, limit=300), True) == (
        row,
        row.as_wanted,
    )


def test_held_instance_says_who_holds_its_lock() -> None:
    """The holder is named while the lock is elsewhere, and in no other state."""
    unit = ObservedUnit("mqtt-0", "FATAL", held="pid 7", reason="held by pid 7")
    (row,) = rows(applied(MQTT), observed(unit), {})
    assert (State.HELD, "pid 7", "held by pid 7") == (row.state, row.held_by, row.reason)
    (row,) = rows(applied(MQTT), observed(replace(unit, statename="RUNNING")), {})
    assert (State.RUNNING, None, None) == (row.state, row.held_by, row.reason)


def test_instance_without_an_answer_is_starting() -> None:
    """An instance that listens and was not measured is not called ready."""
    unit = ObservedUnit("api-0", "RUNNING", pid=7, started=940.0)
    assert [State.STARTING] == [row.state for row in rows(applied(API), observed(unit), {})]


def test_process_that_nobody_asked_for_is_shown_last_and_not_as_wanted() -> None:
    """What runs beside the plan is told, below what should run."""
    units = (ObservedUnit("old-job-3", "RUNNING", pid=9, started=999.0), ObservedUnit("mqtt-0", "RUNNING", pid=7))
    found = rows(applied(MQTT), observed(*units), {"old-job-3": Measured(5)})
    assert ["mqtt-0", "old-job-3"] == [row.unit for row in found]
    expected = InstanceStatus(
        "old-job",
        3,
        "unknown",
        State.RUNNING,
        wanted=False,
        pid=9,
        uptime=1.0,
        memory=5,
        reason="not in the applied plan",
    )
    assert (expected, False) == (found[1], found[1].as_wanted)


@pytest.mark.parametrize(("pid", "started", "uptime"), [(7, 1001.0, 0.0), (7, None, None), (None, 940.0, None)])
def test_uptime_is_known_of_a_process_only_and_never_negative(
    pid: int | None, started: float | None, uptime: float | None
) -> None:
    """A clock that was set back gives zero; without a process there is no uptime."""
    unit = ObservedUnit("mqtt-0", "RUNNING", pid=pid, started=started)
    assert [uptime] == [row.uptime for row in rows(applied(MQTT), observed(unit), {})]
