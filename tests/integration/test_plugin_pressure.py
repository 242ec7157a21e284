"""Shedding inside a real supervisord, which is shown the memory of another machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from procman.adapters.state import State
from procman.core import limits
from procman.core.limits import Limit, Limits
from procman.workflow.history import recorded
from tests.support.supervised import SLEEPS, Lab, Unit
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PATIENCE = 60.0
PLUGIN = """
from procman.core import pressure as core
from procman.runtime import machine, plugin
core.FOR_SECONDS = core.EFFECT_SECONDS = 0.5
core.CALM_SECONDS = 1.0
real = machine.seen
def make(supervisord, state, **options):
    machine.seen = lambda root="": real(state + "/machine")
    return plugin.make(supervisord, state=state, **options)
"""
"""The plugin, which reads of a machine that lies in the state directory, and is quicker than it would be."""


def show(lab: Lab, available: int) -> None:
    """Show a machine of 1000 MiB."""
    folder = lab.state / "machine" / "proc"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "new").write_text(f"MemTotal: 1024000 kB\nMemAvailable: {available << 10} kB\n", encoding="ascii")
    (folder / "new").rename(folder / "meminfo")


def write(lab: Lab, *, shed: bool = True) -> None:
    """Write the limits of a service that may shrink to one, and of a consumer."""
    api = Limit(90 << 20, None, singleton=False, listens=False, least=1)
    mqtt = Limit(90 << 20, None, singleton=True, listens=False)
    (lab.state / limits.FILE).write_text(limits.to_text(Limits({"api": api, "mqtt": mqtt}, shed)), encoding="utf-8")


def states(lab: Lab) -> dict[str, str]:
    """Return the state of each unit."""
    return {u.unit: u.statename for u in lab.client.status().units}


def test_the_last_instances_go_and_come_back() -> None:
    """Under pressure the api shrinks to one, the consumer stays; with room what nobody stopped comes back."""
    with Lab([Unit("api-0"), Unit("api-1"), Unit("api-2"), Unit("mqtt-0")], plugin=PLUGIN) as lab:
        show(lab, 30)
        for unit in ("api-0", "api-1", "api-2", "mqtt-0"):
            lab.wait(unit, "RUNNING")
        write(lab)
        shrunk = {"api-0": "RUNNING", "api-1": "STOPPED", "api-2": "STOPPED", "mqtt-0": "RUNNING"}
        wait_until(lambda: states(lab) == shrunk, PATIENCE, "it has shrunk to one")
        assert (lab.unit("api-2").memory.shed, lab.unit("api-0").memory.shed) == (True, False)
        order = [e.unit for e in recorded(State(str(lab.state))) if e.event == "memory-pressure" and e.unit]
        assert order == ["api-2", "api-1"]
        (lab.state / "applied.json").write_text('{"stopped": ["api-2"]}', encoding="utf-8")
        show(lab, 900)
        wait_until(lambda: states(lab)["api-1"] == "RUNNING", PATIENCE, "it is back")
        assert states(lab)["api-2"] == "STOPPED"
        assert not lab.unit("api-1").memory.shed


def test_without_being_asked_nothing_is_given_up() -> None:
    """Off by default: the same shortage changes nothing, and no score of the kernel is touched."""
    with Lab([Unit("api-0"), Unit("api-1", SLEEPS)], plugin=PLUGIN) as lab:
        show(lab, 10)
        write(lab, shed=False)
        pid = lab.wait("api-1", "RUNNING").pid
        wait_until(lambda: lab.unit("api-1").memory_samples > 4, PATIENCE, "it was looked at")
        assert states(lab) == {"api-0": "RUNNING", "api-1": "RUNNING"}
        assert Path(f"/proc/{pid}/oom_score_adj").read_text(encoding="ascii") == own_score()


def own_score() -> str:
    """Return the score of this very process."""
    return Path("/proc/self/oom_score_adj").read_text(encoding="ascii")


def test_the_kernel_is_told_who_goes_first() -> None:
    """With shed, a consumer has a lower score than an instance of a scalable service."""
    with Lab([Unit("api-0", autostart=False), Unit("mqtt-0", autostart=False)], plugin=PLUGIN) as lab:
        show(lab, 900)
        write(lab)
        scores = []
        for unit in ("mqtt-0", "api-0"):
            lab.client.start(unit)
            pid = lab.wait(unit, "RUNNING").pid
            scores.append(int(Path(f"/proc/{pid}/oom_score_adj").read_text(encoding="ascii")))
        assert scores == [0, 300]


@pytest.mark.parametrize("target", ["Pressure.look", "Pressure.changed", "Pressure.score"])
def test_broken_shedding_does_not_end_supervisord(target: str) -> None:
    """What raises while the machine is looked at is logged; supervisord and its services go on."""
    plugin = f"""
from procman.runtime import plugin, pressure
def broken(self, *arguments, **named):
    raise RuntimeError("injected")
pressure.{target} = broken
make = plugin.make
"""
    with Lab([Unit("other-0", command="/bin/sleep 1000")], plugin=plugin) as lab:
        pid = lab.wait("other-0", "RUNNING").pid
        wait_until(lambda: target == "Pressure.score" or "injected" in lab.log(), PATIENCE, "it raised")
        lab.stop("other-0")
        lab.client.start("other-0")
        assert lab.wait_restarted("other-0", pid).pid
        assert lab.alive
