"""Restarts by the plugin, in a real supervisord: at once, by the policy, and never in a spin."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from procman.adapters.supervisor_rpc import Fault
from procman.core.manifest import Restart
from tests.support.supervised import MINFDS, Lab, Unit, environment
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

ENDS = "raise SystemExit(3)"
ENDS_LATER = "import time; time.sleep(1.3); raise SystemExit(4)"
QUICKLY = Restart(max=2, within=60.0, delay=0.05)


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A supervisord with one unit that only sleeps."""
    with Lab([Unit("api-0")]) as lab:
        yield lab


def test_killed_process_is_started_again(lab: Lab) -> None:
    """After SIGKILL a new process runs, counted as one automatic restart, and the signal is known."""
    pid = lab.wait("api-0", "RUNNING").pid
    os.kill(pid or 0, signal.SIGKILL)
    unit = lab.wait_restarted("api-0", pid)
    assert (unit.restarts, unit.exit) == (1, "terminated by SIGKILL")


def test_reaping_does_not_wait_for_the_poll(lab: Lab) -> None:
    """The wake-up pipe gets a byte per signal: supervisord's own poll of a second is not waited for."""
    watched = Path(f"/proc/{lab.pid}/fd")
    pipes = [fd.name for fd in watched.iterdir() if os.readlink(fd).startswith("pipe:")]
    assert sum(int(number) >= MINFDS for number in pipes) == 2


def test_quick_exits_end_in_fatal() -> None:
    """A service that exits at once is started `max` times again, then given up with the reason."""
    with Lab([Unit("api-0", ENDS, restart=QUICKLY)]) as lab:
        unit = lab.wait("api-0", "FATAL")
        assert (unit.restarts, unit.exit) == (2, "exit status 3")
        assert unit.reason == "3 failures within 60 s; last: exit status 3"
        assert lab.log().count("spawned: 'api-0'") == 3


def test_later_deaths_end_in_fatal() -> None:
    """A service that dies after it has counted as started is under the same policy: it never spins."""
    with Lab([Unit("api-0", ENDS_LATER, restart=QUICKLY)]) as lab:
        unit = lab.wait("api-0", "FATAL")
        assert (unit.restarts, unit.reason) == (2, "3 failures within 60 s; last: exit status 4")
        assert lab.log().count("entered RUNNING state") == 3


def test_second_failure_waits_for_the_delay() -> None:
    """From the second failure on, the unit stays in BACKOFF for its delay."""
    with Lab([Unit("api-0", ENDS, restart=Restart(max=5, within=60.0, delay=3600.0))]) as lab:
        lab.wait("api-0", "BACKOFF")
        wait_until(lambda: lab.unit("api-0").restarts == 1, 20, "the first restart")
        lab.wait("api-0", "BACKOFF")
        assert lab.log().count("spawned: 'api-0'") == 2


def test_missing_program_is_given_up_with_supervisords_words() -> None:
    """A spawn error counts as a failure and is named."""
    with Lab([Unit("api-0", command="/nowhere/to/be/found", restart=QUICKLY)]) as lab:
        assert "can't find command" in (lab.wait("api-0", "FATAL").reason or "")


def test_operators_start_forgets_the_failures() -> None:
    """A start by hand begins a new count of failures and of restarts."""
    with Lab([Unit("api-0", ENDS, restart=QUICKLY)]) as lab:
        lab.wait("api-0", "FATAL")
        lab.client.start("api-0")
        wait_until(lambda: lab.log().count("spawned: 'api-0'") == 6, 20, "three more starts")
        assert lab.wait("api-0", "FATAL").restarts == 2


def test_operators_stop_ends_the_waiting() -> None:
    """A unit that waits for its delay can be stopped, and stays stopped."""
    with Lab([Unit("api-0", ENDS, restart=Restart(delay=3600.0))]) as lab:
        wait_until(lambda: lab.unit("api-0").restarts == 1, 20, "the first restart")
        lab.wait("api-0", "BACKOFF")
        lab.client.stop("api-0")
        assert lab.unit("api-0").statename == "STOPPED"


def test_damaged_policy_is_the_default_and_is_said() -> None:
    """A PROCMAN_RESTART that is no policy costs a line in the log and nothing else."""
    with Lab([Unit("api-0", ENDS)]) as lab:
        conf = lab.state / "conf"
        conf.write_text(conf.read_text(encoding="utf-8").replace("5 60.0 1.0", "often"), encoding="utf-8")
        lab.client.reload_config()
        lab.stop("api-0")
        lab.client.remove("api-0")
        lab.client.add("api-0")
        wait_until(lambda: "PROCMAN_RESTART 'often' is not MAX WITHIN DELAY" in lab.log(), 20, "it is said")
        assert lab.alive


def test_stop_right_after_a_start_is_not_swallowed(lab: Lab) -> None:
    """Of a hundred stops sent at once after a start, none has to wait for SIGKILL."""
    lab.stop("api-0")
    for _ in range(100):
        lab.client.start("api-0")
        lab.client.stop("api-0")
        wait_until(lambda: lab.unit("api-0").pid is None, 10, "api-0 is down before its stop time is over")
    assert "with SIGKILL" not in lab.log()


def test_added_unit_starts_without_being_told() -> None:
    """A unit added to the file starts when its group is added."""
    with Lab([Unit("api-0")]) as lab:
        lab.units = [*lab.units, Unit("api-1")]
        lab.write()
        assert lab.client.reload_config() == (("api-1",), (), ())
        lab.client.add("api-1")
        lab.wait("api-1", "RUNNING")
        assert lab.unit("api-0").restarts == 0


def test_children_know_their_manager() -> None:
    """A launcher finds pid and start time of supervisord, and the socket of its store, in its environment."""
    with Lab([Unit("api-0", command="/bin/sleep 1000")]) as plain:
        seen = environment(plain.wait("api-0", "RUNNING").pid or 0)
        observed = plain.client.status()
        assert seen["PROCMAN_MANAGER"] == f"{observed.manager_pid}.{observed.manager_start}"
        assert seen["PROCMAN_STORE"] == f"{plain.state}/store.{plain.pid}"


def test_shutdown_stops_all_at_once() -> None:
    """Every unit is told to stop before the first one is down."""
    with Lab([Unit(f"api-{n}") for n in range(4)]) as lab:
        for number in range(4):
            lab.wait(f"api-{number}", "RUNNING")
        lab.end()
        words = [
            line.split(" ", 3)[3] for line in lab.log().splitlines() if "killing api" in line or "stopped:" in line
        ]
        assert [w.split(" ")[0] for w in words] == ["killing"] * 4 + ["stopped:"] * 4


def test_fault_of_supervisord_arrives_with_its_code(lab: Lab) -> None:
    """Stopping what is unknown is supervisord's BAD_NAME."""
    with pytest.raises(Fault) as caught:
        lab.client.stop("nobody-0")
    assert caught.value.code == 10
