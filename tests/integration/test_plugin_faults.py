"""What breaks inside procman's part of supervisord costs its own work and nothing else."""

from __future__ import annotations

import os
import signal

import pytest

from procman.core.lifecycle import Alive, Policy
from procman.core.manifest import Address, Restart
from tests.support.supervised import ANSWERS, Lab, Unit, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PATIENCE = 40.0
BREAKS = """
from procman.core import restart
from procman.runtime import dependencies, liveness, plugin, restarts
def broken(*arguments, **named):
    raise RuntimeError("injected")
{target} = broken
make = plugin.make
"""
FAILS = Restart(max=0, delay=0.05, policy=Policy.ON_FAILURE, retry=0.2)


@pytest.mark.parametrize(
    "target",
    [
        *(f"dependencies.Dependencies.{name}" for name in ("turn", "hold", "_look")),
        *(f"dependencies.Farewell.{name}" for name in ("__init__", "turn", "_stop")),
        *(f"liveness.Liveness.{name}" for name in ("begin", "end", "_turn", "_look", "_fail")),
        *(f"restarts.Restarts.{name}" for name in ("on_state", "_starting", "_ended", "_failed", "_retry", "_give_up")),
        *("restart.decide", "restart.completes", "plugin.chance"),
    ],
)
def test_a_fault_in_any_callback_leaves_supervisord_and_the_others(target: str) -> None:
    """It is logged; a killed process is started again, supervisord answers, and ends as if nothing were."""
    where = Address("127.0.0.1", free_port())
    sick = Alive("/nothing", interval=0.1, timeout=0.2, failures=1)
    units = [
        *(Unit("db-0"), Unit("api-0", depends="db=started")),
        *(Unit("job-0", "raise SystemExit(3)", restart=FAILS), Unit("web-0", ANSWERS, where, alive=sick)),
    ]
    with Lab(units, plugin=BREAKS.format(target=target)) as lab:
        pid = lab.wait("db-0", "RUNNING").pid
        os.kill(pid or 0, signal.SIGKILL)
        wait_until(lambda: lab.unit("db-0").pid not in (None, pid), PATIENCE, "it is started again")
        if not target.startswith("dependencies.Farewell"):
            wait_until(lambda: "injected" in lab.log(), PATIENCE, "the fault is met")
        lab.end()
        assert lab.code == 0
        assert "injected" in lab.log()
