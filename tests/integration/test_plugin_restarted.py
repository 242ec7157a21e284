"""supervisord reloaded or killed in the middle of everything: what should run runs, once, and in its order."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from procman.adapters.state import State
from procman.core import limits
from procman.core.lifecycle import Policy
from procman.core.limits import Limit, Limits
from procman.core.manifest import Address, Ready, Restart
from procman.workflow.history import recorded
from tests.support.supervised import ANSWERS, SLEEPS, Lab, Unit, free_port
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("act", [signal.SIGHUP, signal.SIGKILL])]

PATIENCE = 60.0
READY_LATE = f"""
import os, time
if os.path.exists("slow"):
    time.sleep(600)
{ANSWERS}
"""
"""A service that never comes to answer while there is a file called slow."""

MIGRATES = """
import os, time
open(f"began.{os.getpid()}", "w").close()
while not os.path.exists("go"):
    time.sleep(0.02)
"""


def again(lab: Lab, act: signal.Signals) -> None:
    """Reload supervisord, or kill and start it, and wait until it runs everything anew."""
    runs = sum(event.event == "manager-reload" for event in recorded(State(str(lab.state))))
    os.kill(lab.pid, act)
    if act == signal.SIGKILL:
        wait_until(lambda: not lab.alive, PATIENCE, "supervisord is gone")
        lab.start()
        return

    def reloaded() -> bool:
        return sum(event.event == "manager-reload" for event in recorded(State(str(lab.state)))) > runs

    wait_until(reloaded, PATIENCE, "it has reloaded")
    wait_until(lab.answers, PATIENCE, "it answers")


def living(lab: Lab) -> Counter[str]:
    """Return how many processes of each unit there are, whoever started them."""
    found: Counter[str] = Counter()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if (process / "cwd").readlink() == lab.state:
                    found[(process / "cmdline").read_bytes().split(b"\0")[-2].decode()] += 1
            except (OSError, IndexError):
                continue
    return found


def test_during_a_replacement_for_memory(act: signal.Signals) -> None:
    """Old process and replacement are gone, one new process serves, and its limit is held again."""
    where = Address("127.0.0.1", free_port())
    with Lab([Unit("api-0", READY_LATE, where, ready=Ready(None, 300.0)), Unit("web-0")]) as lab:
        lab.wait("api-0", "RUNNING")
        wait_until(lambda: lab.unit("api-0").ready, PATIENCE, "it is ready")
        (lab.state / "slow").touch()
        write(lab, 2)
        wait_until(lambda: living(lab)["api-0"] > 1, PATIENCE, "the replacement starts")
        write(lab, 200)
        (lab.state / "slow").unlink()
        again(lab, act)
        wait_until(lambda: lab.unit("api-0").ready, PATIENCE, "it is ready again")
        wait_until(lambda: living(lab) == {"api-0": 1, "web-0": 1}, PATIENCE, "there is one of each")
        assert [unit.unit for unit in lab.client.status().units] == ["api-0", "web-0"]
        assert (lab.unit("api-0").restarts, lab.unit("api-0").memory.soft) == (0, 200 << 20)


def test_during_a_back_off(act: signal.Signals) -> None:
    """What waited for its next start begins anew, once, and the time it waited for starts no second one."""
    script = "import os, signal\nif not os.path.exists('well'): raise SystemExit(3)\nsignal.pause()"
    with Lab([Unit("api-0", script, restart=Restart(max=9, delay=2.0))]) as lab:
        wait_until(lambda: lab.unit("api-0").statename == "BACKOFF" and tries(lab) > 1, PATIENCE, "it waits")
        (lab.state / "well").touch()
        before = tries(lab)
        again(lab, act)
        assert lab.wait("api-0", "RUNNING").restarts == 0
        pid = lab.unit("api-0").pid
        beat(lab, "api-0")
        assert (tries(lab), lab.unit("api-0").pid, living(lab)) == (before + 1, pid, {"api-0": 1})


def test_during_a_start_in_order(act: signal.Signals) -> None:
    """What waits for a migration waits for the new one, which runs once at a time."""
    once = Restart(policy=Policy.ON_FAILURE)
    with Lab([Unit("api-0", depends="once=completed"), Unit("once-0", MIGRATES, restart=once)]) as lab:
        wait_until(lambda: list(lab.state.glob("began.*")), PATIENCE, "it migrates")
        again(lab, act)
        wait_until(lambda: len(list(lab.state.glob("began.*"))) == 2, PATIENCE, "it migrates again")
        assert lab.unit("api-0").waits == "waits for once to be completed"
        assert living(lab) == {"once-0": 1}
        (lab.state / "go").touch()
        lab.wait("api-0", "RUNNING")
        assert (lab.unit("once-0").completed, living(lab)) == (True, {"api-0": 1})


def test_with_a_failed_service_and_its_pause(act: signal.Signals) -> None:
    """It gets a new start at once, and its old pause starts nothing beside that when it is over."""
    script = "import os, signal\nif not os.path.exists('well'): raise SystemExit(3)\nsignal.pause()"
    with Lab([Unit("api-0", script, restart=Restart(max=0, delay=0.05, retry=4.0)), Unit("web-0", SLEEPS)]) as lab:
        lab.wait("api-0", "FATAL")
        (lab.state / "well").touch()
        before = tries(lab)
        again(lab, act)
        now = lab.wait("api-0", "RUNNING")
        beat(lab, "web-0")
        assert (tries(lab), lab.unit("api-0").pid, now.retry_at) == (before + 1, now.pid, None)
        assert living(lab) == {"api-0": 1, "web-0": 1}


def tries(lab: Lab) -> int:
    """Return how often api-0 was started, by all managers."""
    return sum(e.event == "start" and e.unit == "api-0" for e in recorded(State(str(lab.state))))


def beat(lab: Lab, unit: str) -> None:
    """Wait until `unit` was looked at so often that a pause of some seconds is over."""
    wait_until(lambda: lab.unit(unit).memory_samples > 24, PATIENCE, "six seconds have passed")


def write(lab: Lab, soft: int) -> None:
    """Write the limit of the service api, in MiB."""
    limit = Limit(soft << 20, None, singleton=False, listens=True)
    (lab.state / limits.FILE).write_text(limits.to_text(Limits({"api": limit})), encoding="utf-8")
