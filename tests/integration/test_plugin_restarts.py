"""Restarts by the plugin, in a real supervisord: at once, by the policy, and never in a spin."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from procman.adapters.supervisor_rpc import Fault
from procman.core.manifest import Restart
from tests.support.supervised import SLEEPS, Lab, Unit, environment
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

ENDS = "raise SystemExit(3)"
ENDS_LATER = "import time; time.sleep(1.3); raise SystemExit(4)"
SLEEPS_ON = """
from procman.runtime import plugin
def make(supervisord, **options):
    poller = supervisord.options.poller
    poll = poller.poll
    poller.poll = lambda timeout: poll(3600)
    return plugin.make(supervisord, **options)
"""
"""A plugin under which supervisord's loop never wakes by itself."""
ALARMED = """
import signal
from procman.runtime import plugin
def make(supervisord, **options):
    interface = plugin.make(supervisord, **options)
    plugin._cores[0].wake._arm = lambda: None
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    return interface
"""
"""A plugin whose alarm never rests."""

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


@pytest.mark.parametrize("script", [SLEEPS, ENDS])
def test_restart_does_not_wait_for_the_poll(script: str) -> None:
    """A dead child, a change of state and a due time each end the sleep of the loop, however long that is."""
    restart = Restart(max=3, within=60.0, delay=0.05)
    with Lab([Unit("api-0", script, restart=restart)], plugin=SLEEPS_ON) as lab:
        if script == SLEEPS:
            wait_until(lambda: "success: api-0" in lab.log(), 20, "it counts as started")
            os.kill(int(lab.log().partition("'api-0' with pid ")[2].split()[0]), signal.SIGKILL)
            wait_until(lambda: lab.log().count("success: api-0") == 2, 20, "its successor counts as started")
        else:
            wait_until(lambda: lab.log().count("spawned: 'api-0'") == 4, 20, "it is tried three times more")


def test_shutdown_does_not_wait_for_the_poll() -> None:
    """When the last process is down, supervisord ends in the same breath."""
    with Lab([Unit("api-0")], plugin=SLEEPS_ON) as lab:
        wait_until(lambda: "success: api-0" in lab.log(), 20, "it counts as started")
        os.kill(lab.pid, signal.SIGTERM)
        wait_until(lambda: not lab.alive, 20, "supervisord has ended")


def test_alarm_does_not_end_the_manager_while_it_ends() -> None:
    """An alarm that is due when the interpreter has taken its handlers away is not the end that is reported."""
    with Lab([Unit("api-0")], plugin=ALARMED) as lab:
        wait_until(lambda: "spawned: 'api-0'" in lab.log(), 20, "it was started")
        lab.end()
        assert lab.code == 0


def test_a_crowd_of_loops_starves_nobody() -> None:
    """While twenty units crash at once and again, a killed one is back, supervisord answers, and no unit spins."""
    loop = Restart(max=100, within=3600.0, delay=1.0, factor=1)
    crowd = [Unit(f"bad-{n}", command="/bin/false", restart=loop) for n in range(20)]
    with Lab([Unit("api-0"), *crowd]) as lab:
        pid = lab.wait("api-0", "RUNNING").pid
        for _ in range(3):
            os.kill(pid or 0, signal.SIGKILL)
            pid = lab.wait_restarted("api-0", pid).pid
        wait_until(lambda: all(lab.unit(u.name).restarts >= 3 for u in crowd), 60, "each is tried again")
        lab.end()
        assert lab.code == 0


def test_quick_exits_end_in_fatal() -> None:
    """A service that exits at once is started `max` times again, then given up with the reason."""
    with Lab([Unit("api-0", ENDS, restart=QUICKLY)]) as lab:
        unit = lab.wait("api-0", "FATAL")
        assert (unit.restarts, unit.exit) == (2, "exit status 3")
        assert unit.reason == "3 failures within 60 s; last: exit status 3"
        assert lab.log().count("spawned: 'api-0'") == 3


def test_second_control_socket_changes_no_count() -> None:
    """With a plugin for each of two control sockets, a failure is still one failure."""
    second = "[unix_http_server:second]\nfile = {state}/second\n"
    with Lab([Unit("api-0", ENDS, restart=QUICKLY)], extra=second) as lab:
        assert lab.wait("api-0", "FATAL").restarts == 2
        assert lab.log().count("spawned: 'api-0'") == 3
        assert lab.log().count("RPC interface 'procman' initialized") == 2


def test_later_deaths_end_in_fatal() -> None:
    """A service that dies after it has counted as started is under the same policy: it never spins."""
    with Lab([Unit("api-0", ENDS_LATER, restart=QUICKLY)]) as lab:
        unit = lab.wait("api-0", "FATAL")
        assert (unit.restarts, unit.reason) == (2, "3 failures within 60 s; last: exit status 4")
        assert lab.log().count("entered RUNNING state") == 3


def test_second_failure_waits_for_the_delay() -> None:
    """From the second failure on, the unit stays in BACKOFF for its delay, which supervisord does not trim."""
    policy = Restart(max=5, within=60.0, delay=3600.0)
    with Lab([Unit("api-0", ENDS, restart=policy), Unit("clock-0", startsecs=3)]) as lab:
        lab.wait("clock-0", "RUNNING")  # a trimmed delay would be over by then
        assert ("BACKOFF", 1) == (lab.unit("api-0").statename, lab.unit("api-0").restarts)


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
        lines = [line.split(" ") for line in lab.log().splitlines()]
        words = [line[3] for line in lines if line[3] in ("killing", "stopped:")]
        assert ["killing"] * 4 + ["stopped:"] * 4 == words


def test_fault_of_supervisord_arrives_with_its_code(lab: Lab) -> None:
    """Stopping what is unknown is supervisord's BAD_NAME."""
    with pytest.raises(Fault) as caught:
        lab.client.stop("nobody-0")
    assert caught.value.code == 10
