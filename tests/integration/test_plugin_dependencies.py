"""Order of starts and ends, and ends that were wanted, in a real supervisord."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest

from procman.core.lifecycle import Policy
from procman.core.manifest import Address, Restart
from tests.support.supervised import ANSWERS, Lab, Unit, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PATIENCE = 40.0
DONE = "raise SystemExit(0)"
FAILS = "raise SystemExit(3)"
ONCE = Restart(max=0, policy=Policy.ON_FAILURE, retry=None)
RETRIED = Restart(max=0, policy=Policy.ON_FAILURE, retry=0.5)
FILE_DECIDES = "import os; raise SystemExit(0 if os.path.exists('go') else 3)"
"""Completes once there is a file ``go`` in its directory."""


def test_dependent_is_held_until_the_oneshot_has_completed() -> None:
    """The API is not started while the migration runs, and is started when it has ended with success."""
    waits = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.02)"
    with Lab([Unit("api-0", depends="migrate=completed"), Unit("migrate-0", waits, restart=ONCE)]) as lab:
        lab.wait("migrate-0", "RUNNING")
        api = lab.unit("api-0")
        assert (api.statename, api.waits, api.blocked) == ("STOPPED", "waits for migrate to be completed", None)
        assert api.autostart
        (lab.state / "go").touch()
        api = lab.wait("api-0", "RUNNING")
        assert (api.waits, lab.unit("migrate-0").completed) == (None, True)


@pytest.mark.parametrize("startsecs", [1, 600])
def test_success_completes_a_unit_however_quick_it_was(startsecs: int) -> None:
    """An exit with a code of success is no failure, before the start time is over too, and nothing follows."""
    policy = Restart(policy=Policy.ON_FAILURE, codes=(7,))
    scripts = "raise SystemExit(7)" if startsecs == 600 else "import time; time.sleep(1.3); raise SystemExit(7)"
    with Lab([Unit("job-0", scripts, restart=policy, startsecs=startsecs)]) as lab:
        unit = lab.wait("job-0", "EXITED")
        assert (unit.completed, unit.restarts, unit.exit) == (True, 0, "exit status 7")
        lab.client.reload_config()
        assert lab.log().count("spawned: 'job-0'") == 1


def test_policy_never_leaves_a_failure_alone() -> None:
    """Under `never` the first failure is the last, with its reason."""
    with Lab([Unit("job-0", FAILS, restart=Restart(policy=Policy.NEVER))]) as lab:
        unit = lab.wait("job-0", "FATAL")
        assert (unit.reason, unit.retry_at) == ("exit status 3; its restart policy is never", None)


def test_failed_dependency_is_said_and_its_recovery_starts_the_dependent() -> None:
    """Who waits for what has failed says so; when that is tried again with success, the one that waited starts."""
    with Lab([Unit("api-0", depends="migrate=completed"), Unit("migrate-0", FILE_DECIDES, restart=RETRIED)]) as lab:
        lab.wait("migrate-0", "FATAL")
        said = "migrate-0 has failed: 1 failure within 60 s; last: exit status 3"
        wait_until(lambda: lab.unit("api-0").blocked == said, PATIENCE, "the failure is said")
        (lab.state / "go").touch()
        lab.wait("api-0", "RUNNING")
        assert lab.unit("migrate-0").restarts >= 1


def test_failed_unit_is_tried_again_after_its_pause() -> None:
    """What is FATAL is started again after `retry`, once each time, counted as automatic."""
    with Lab([Unit("job-0", FAILS, restart=Restart(max=1, delay=0.05, retry=0.3))]) as lab:
        wait_until(lambda: lab.log().count("spawned: 'job-0'") >= 5, PATIENCE, "two tries and three new ones")
        unit = lab.wait("job-0", "FATAL")
        assert unit.retry_at is not None
        assert (unit.reason, unit.restarts >= 3) == ("2 failures within 60 s; last: exit status 3", True)


def test_stopped_unit_is_not_tried_again() -> None:
    """A unit that was removed while it waited for its new try is not started by it."""
    policy = Restart(max=0, retry=1.5)
    with Lab([Unit("job-0", FAILS, restart=policy), Unit("clock-0", startsecs=4)]) as lab:
        lab.wait("job-0", "FATAL")
        lab.units = [replace(u, autostart=u.name != "job-0") for u in lab.units]
        lab.write()
        lab.client.reload_config()
        lab.client.remove("job-0")
        lab.client.add("job-0")
        lab.wait("clock-0", "RUNNING")  # by then it would have been tried
        assert lab.unit("job-0").statename == "STOPPED"
        assert lab.log().count("spawned: 'job-0'") == 1


def test_ready_dependency_is_one_that_accepts() -> None:
    """A dependency with an address is ready when a process of it accepts there, not when it has stayed up."""
    waits = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.02)\n" + ANSWERS
    where = Address("127.0.0.1", free_port())
    with Lab([Unit("web-0", depends="api=ready"), Unit("api-0", waits, listen=where)]) as lab:
        lab.wait("api-0", "RUNNING")
        assert lab.unit("web-0").waits == "waits for api to be ready"
        (lab.state / "go").touch()
        lab.wait("web-0", "RUNNING")


def test_shutdown_ends_dependents_first() -> None:
    """Each wave is down before the next is told to stop, whatever order supervisord has of its own."""
    end = "signal.signal(15, lambda *a: (time.sleep(0.3), sys.exit()))"
    slow = f"import signal, sys, time\n{end}\nwhile True: signal.pause()"
    units = [
        *(Unit("a-0", slow), Unit("b-0", slow, depends="a=started"), Unit("c-0", slow, depends="b=started")),
        *(Unit("d-0", slow), Unit("c-1", slow, depends="b=started")),
    ]
    with Lab(units) as lab:
        for unit in units:
            lab.wait(unit.name, "RUNNING")
        lab.end()
        lines = [line.split(" ") for line in lab.log().splitlines()]
        told = [line[4].strip("'") for line in lines if line[3:4] == ["killing"]]
        assert sorted(told[:3]) == ["c-0", "c-1", "d-0"]
        assert told[3:] == ["b-0", "a-0"]


def test_restart_after_a_failure_waits_for_nobody() -> None:
    """Only starts are held: what dies while its dependency is gone is started again at once."""
    with Lab([Unit("api-0", depends="db=started"), Unit("db-0")]) as lab:
        pid = lab.wait("api-0", "RUNNING").pid
        lab.stop("db-0")
        os.kill(pid or 0, signal.SIGKILL)
        assert lab.wait_restarted("api-0", pid).restarts == 1


def test_order_holds_again_after_sighup() -> None:
    """SIGHUP ends and starts everything: again in order, the oneshot once more."""
    with Lab([Unit("api-0", depends="migrate=completed"), Unit("migrate-0", DONE, restart=ONCE)]) as lab:
        lab.wait("api-0", "RUNNING")
        os.kill(lab.pid, signal.SIGHUP)
        wait_until(lambda: lab.log().count("spawned: 'api-0'") == 2, PATIENCE, "the API is started again")
        spawned = [line.split("'")[1] for line in lab.log().splitlines() if "spawned: " in line]
        assert spawned == ["migrate-0", "api-0"] * 2
