"""What the plugin notes of a real supervisord's life, and that it outlives it."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace

import pytest

from procman.adapters.state import State
from procman.core.events import Event, told
from procman.core.lifecycle import Policy
from procman.core.manifest import Address, Restart
from procman.workflow.history import recorded
from tests.support.supervised import ANSWERS, Lab, Unit, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PATIENCE = 40.0
QUICKLY = Restart(max=1, within=60.0, delay=0.05)
DIES = "print('the last words', flush=True); raise SystemExit(3)"
HELD = """
import os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as store:
    store.connect(os.environ["PROCMAN_STORE"])
    store.send(b"held\\0api-0\\0pid 77 consumes it")
    store.recv(4096)
raise SystemExit(75)
"""


def noted(lab: Lab, unit: str = "") -> list[Event]:
    """Return what was noted of `unit`; of everything without one."""
    return [event for event in recorded(State(str(lab.state))) if not unit or event.unit == unit]


def names(lab: Lab, unit: str) -> list[str]:
    """Return the names of the events of `unit`."""
    return [event.event for event in noted(lab, unit)]


def until(lab: Lab, unit: str, event: str, times: int = 1) -> Event:
    """Wait until `event` of `unit` was noted so often, and return its first."""
    wait_until(lambda: names(lab, unit).count(event) >= times, PATIENCE, f"{event} of {unit} is noted")
    return next(e for e in noted(lab, unit) if e.event == event)


def test_a_loop_is_told_from_its_start_to_its_end() -> None:
    """Start, exit, planned restart and giving up stand in the order in which they happened, each once."""
    with Lab([Unit("api-0", DIES, restart=QUICKLY)]) as lab:
        lab.wait("api-0", "FATAL")
        expected = ["start", "exit", "restart-planned", "start", "exit", "failed"]
        wait_until(lambda: names(lab, "api-0") == expected, PATIENCE, "the loop is noted")
        end = noted(lab, "api-0")[1]
        assert (end.whole("code"), end.whole("signal"), end.facts.get("asked")) == (3, None, None)
        assert "2 failures within 60 s" in (noted(lab, "api-0")[-1].text("reason") or "")
        inode, began, ends = map(int, end.words("log"))
        path = lab.state / "api-0.log"
        assert inode == path.stat().st_ino
        assert path.read_bytes()[began:ends] == b"the last words\n"


def test_a_signal_and_a_stop_are_told_apart() -> None:
    """The end that was asked for says so; the signal that came from elsewhere has its number."""
    with Lab([Unit("api-0")]) as lab:
        pid = lab.wait("api-0", "RUNNING").pid or 0
        os.kill(pid, signal.SIGKILL)
        lab.wait_restarted("api-0", pid)
        lab.wait("api-0", "RUNNING")
        lab.stop("api-0")
        expected = ["start", "running", "exit", "restart-planned", "start", "running", "stopping", "exit"]
        wait_until(lambda: names(lab, "api-0") == expected, PATIENCE, "both ends are noted")
        ends = [(e.whole("signal"), e.facts.get("asked")) for e in noted(lab, "api-0") if e.event == "exit"]
        assert ends == [(signal.SIGKILL, None), (signal.SIGTERM, True)]
        assert noted(lab, "api-0")[2].whole("pid") == pid


def test_a_lock_held_elsewhere_is_noted() -> None:
    """Who holds the lock is in the history."""
    with Lab([Unit("api-0", command="/bin/sleep 1000")]) as lab:
        script = lab.state / "held.py"
        script.write_text(HELD, encoding="utf-8")
        lab.change("api-0", command=f"{sys.executable} {script}")
        lab.wait("api-0", "FATAL")
        wait_until(lambda: "held" in names(lab, "api-0"), PATIENCE, "it is noted")
        assert noted(lab, "api-0")[-1].text("reason") == "pid 77 consumes it"


def test_the_history_outlives_supervisord() -> None:
    """A reload, a SIGKILL and a new supervisord: one history, in which each is told."""
    with Lab([Unit("api-0")]) as lab:
        lab.wait("api-0", "RUNNING")
        os.kill(lab.pid, signal.SIGHUP)
        wait_until(lambda: "manager-reload" in [e.event for e in noted(lab)], PATIENCE, "the reload is noted")
        wait_until(lambda: names(lab, "api-0").count("running") == 2, PATIENCE, "it runs again")
        os.kill(lab.pid, signal.SIGKILL)
        wait_until(lambda: not lab.alive, PATIENCE, "supervisord is gone")
        lab.start()
        lab.wait("api-0", "RUNNING")
        managers = [(e.event, e.facts.get("again")) for e in noted(lab) if e.event.startswith("manager")]
        assert managers == [
            ("manager-start", None),
            ("manager-stop", True),
            ("manager-reload", None),
            ("manager-start", None),
        ]


def test_what_has_completed_is_noted_once() -> None:
    """However quick it was: an end with success has an event of its own, with its code."""
    policy = Restart(policy=Policy.ON_FAILURE, codes=(0, 4))
    later = "import time; time.sleep(1.5); raise SystemExit(4)"
    units = [Unit("quick-0", "raise SystemExit(4)", restart=policy), Unit("later-0", later, restart=policy)]
    with Lab(units) as lab:
        for unit in ("quick-0", "later-0"):
            until(lab, unit, "completed")
            assert names(lab, unit).count("completed") == 1
            assert noted(lab, unit)[-1].whole("code") == 4
            assert told(noted(lab, unit)[-1]) == "code 4"


def test_another_try_of_what_has_failed_is_told() -> None:
    """Giving up says when it is tried again, and that start is no restart like another."""
    with Lab([Unit("api-0", DIES, restart=Restart(max=0, delay=0.05, retry=0.5))]) as lab:
        failed = until(lab, "api-0", "failed", times=2)
        start = [e for e in noted(lab, "api-0") if e.event == "start"][1]
        assert 0 < (failed.number("seconds") or 0) < 5
        assert told(start) == "another try, after it had failed"
        assert "exit status 3; tried again in " in told(failed)


def test_the_steps_of_a_replacement_are_told() -> None:
    """Beside the old process it begins, takes over and ends; in its place it begins and ends; few events each."""
    where = Address("127.0.0.1", free_port())
    with Lab([Unit("api-0", ANSWERS, where), Unit("job-0")]) as lab:
        for unit in ("api-0", "job-0"):
            lab.wait(unit, "RUNNING")
            lab.client.replace(unit, "a test")
            until(lab, unit, "replaced")
        steps = ("replacing", "took-over", "replaced")
        own = {unit: [e for e in noted(lab, unit) if e.event in steps] for unit in ("api-0", "job-0")}
        assert [e.event for e in own["api-0"]] == list(steps)
        assert told(own["job-0"][0]) == "in its place: a test"
        assert [e.event for e in own["job-0"]] == ["replacing", "replaced"]
        assert told(own["api-0"][0]) == "beside the old process: a test"
        assert told(own["api-0"][2]).startswith("within ")


def test_a_replacement_that_dies_and_a_retirement_are_told() -> None:
    """Why an instance was not replaced stands in the history; one that left for good is `retired`."""
    where = Address("127.0.0.1", free_port())
    with Lab([Unit("api-0", ANSWERS, where), Unit("web-0", ANSWERS, Address("127.0.0.1", free_port()))]) as lab:
        lab.wait("api-0", "RUNNING")
        lab.units = [
            replace(unit, script="raise SystemExit(3)") if unit.name == "api-0" else unit for unit in lab.units
        ]
        lab.write()
        lab.client.reload_config()
        lab.client.replace("api-0", "a test")
        assert "exit status 3" in told(until(lab, "api-0", "not-replaced"))
        lab.wait("web-0", "RUNNING")
        lab.client.retire("web-0")
        until(lab, "web-0", "retired")
        assert told(until(lab, "web-0", "retiring")) == "to be stopped"
