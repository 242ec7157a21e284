"""The hard limit by this machine's kernel: who is killed for it, and that this is told apart."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from procman.adapters.state import State
from procman.core import limits
from procman.core.events import told
from procman.core.limits import Limit, Limits
from procman.core.manifest import Restart
from procman.runtime import launch
from procman.workflow.history import recorded
from tests.support.supervised import SLEEPS, Lab, Unit
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PATIENCE = 60.0
MIB = 1 << 20
BURSTS = (
    "import os, time\nwhile not os.path.exists('burst'): time.sleep(0.02)\nkept = b'x' * (400 << 20)\ntime.sleep(60)"
)
CHILD_BURSTS = f"import os, signal\nif os.fork() == 0:\n exec({BURSTS!r})\nsignal.pause()"


def write(lab: Lab, soft: int | None, hard: int | None) -> None:
    """Write the limits of the service api, in MiB."""
    limit = Limit(
        None if soft is None else soft * MIB, None if hard is None else hard * MIB, singleton=False, listens=False
    )
    (lab.state / limits.FILE).write_text(limits.to_text(Limits({"api": limit})), encoding="utf-8")


def need_groups(lab: Lab) -> None:
    """Skip the test where this host gives the manager no control groups."""
    observed = lab.client.status()
    if observed.cgroup is None:
        pytest.skip(f"no control groups here: {observed.cgroup_reason}")


def groups_of(pid: int) -> list[str]:
    """Return the control groups of `pid` that procman made."""
    text = Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii")
    return [line.rpartition("/")[2] for line in text.splitlines() if "/procman." in line]


def started(lab: Lab) -> int:
    """Start api-0, which does not start by itself, and return its pid."""
    lab.client.start("api-0")
    return lab.wait("api-0", "RUNNING").pid or 0


def test_a_burst_is_ended_by_the_kernel_and_told_apart() -> None:
    """What grows faster than anybody looks is killed at the hard limit, and its end says so."""
    with Lab([Unit("api-0", BURSTS, autostart=False, restart=Restart(max=0))]) as lab:
        need_groups(lab)
        write(lab, 150, 150)  # so that nobody but the kernel can be first
        pid = started(lab)
        wait_until(lambda: groups_of(pid) == [f"api-0.{pid}"], PATIENCE, "it is in its group")
        version = lab.client.status().cgroup
        assert (lab.unit("api-0").memory.by, lab.unit("api-0").memory.hard) == (f"cgroup v{version}", 150 * MIB)
        (lab.state / "burst").touch()
        lab.wait("api-0", "FATAL")
        end = next(event for event in recorded(State(str(lab.state))) if event.event == "exit")
        assert (end.whole("signal"), end.whole("oom_kills"), end.whole("hard")) == (signal.SIGKILL, 1, 150 * MIB)
        assert 140 * MIB < (end.whole("peak") or 0) <= 151 * MIB


def test_v2_slows_down_half_way() -> None:
    """The kernel's own files hold both limits, and end a tree together; a process that grows is slowed, not killed."""
    grows = "import time\nkept = []\nwhile True:\n kept.append(b'x' * (1 << 20)); time.sleep(0.002)"
    with Lab([Unit("api-0", grows, autostart=False, restart=Restart(max=0))]) as lab:
        need_groups(lab)
        if lab.client.status().cgroup == 1:
            pytest.skip("v1 slows nobody down")
        write(lab, 60, 100)
        pid = started(lab)
        wait_until(lambda: groups_of(pid), PATIENCE, "it is in its group")
        folder = Path("/sys/fs/cgroup" + Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").strip()[3:])
        files = {name: (folder / name).read_text(encoding="ascii").strip() for name in ("memory.max", "memory.high")}
        assert files == {"memory.max": str(100 * MIB), "memory.high": str(80 * MIB)}
        assert (folder / "memory.oom.group").read_text(encoding="ascii").strip() == "1"
        lab.wait_restarted("api-0", pid)  # for its limit, by procman: the kernel held it back until then
        assert "oom-kill" not in [event.event for event in recorded(State(str(lab.state)))]


def test_a_killed_child_is_told_while_its_parent_lives() -> None:
    """With v1 the kernel ends one process: an event says so, although the instance lives on."""
    with Lab([Unit("api-0", CHILD_BURSTS, autostart=False)]) as lab:
        need_groups(lab)
        if lab.client.status().cgroup != 1:
            pytest.skip("v2 ends the whole group")
        write(lab, 150, 150)  # so that nobody but the kernel can be first
        pid = started(lab)
        (lab.state / "burst").touch()
        state = State(str(lab.state))
        wait_until(lambda: "oom-kill" in [e.event for e in recorded(state)], PATIENCE, "the kill is noted")
        assert lab.unit("api-0").pid == pid


def test_groups_come_and_go_with_their_processes() -> None:
    """A group is there as long as its process, also over a restart; with the manager everything goes."""
    with Lab([Unit("api-0", SLEEPS, autostart=False), Unit("other-0", SLEEPS)]) as lab:
        need_groups(lab)
        write(lab, 100, 150)
        pid = started(lab)
        assert groups_of(lab.wait("other-0", "RUNNING").pid or 0) == []
        lab.stop("api-0")
        again = started(lab)
        assert again != pid
        wait_until(lambda: groups_of(again) == [f"api-0.{again}"], PATIENCE, "it is in a group of its own")
        manager = lab.pid
        lab.end()
        left = [p for p in Path("/sys/fs/cgroup").rglob(f"procman.{manager}") if p.is_dir()]
        assert left == []


def test_without_a_hard_limit_there_is_no_group() -> None:
    """`hard: none` leaves the process where it is."""
    with Lab([Unit("api-0", SLEEPS, autostart=False)]) as lab:
        write(lab, 100, None)
        pid = started(lab)
        assert groups_of(pid) == []
        assert lab.unit("api-0").memory.by is None


@pytest.mark.parametrize("target", ["Groups.find", "Groups.make", "Groups.leave", "Groups.ended", "Groups.killed"])
def test_broken_groups_do_not_end_supervisord(target: str) -> None:
    """Whatever goes wrong with groups, supervisord goes on, and its services are started again."""
    plugin = f"""
from procman.runtime import cgroup, plugin
def broken(self, *arguments, **named):
    raise RuntimeError("injected")
cgroup.{target} = broken
make = plugin.make
"""
    with Lab([Unit("other-0", command="/bin/sleep 1000")], plugin=plugin) as lab:
        pid = lab.wait("other-0", "RUNNING").pid
        lab.client.stop("other-0")
        lab.wait("other-0", "STOPPED")
        lab.client.start("other-0")
        assert lab.wait_restarted("other-0", pid).pid
        assert lab.alive


def test_a_hard_limit_changes_while_the_process_runs() -> None:
    """Raised or lowered it holds at once, as the kernel's file says; below what is used it waits; gone it is gone."""
    grows = "import signal\nkept = b'x' * (100 << 20)\nsignal.pause()"
    with Lab([Unit("api-0", grows, autostart=False)]) as lab:
        need_groups(lab)
        write(lab, 200, 300)
        pid = started(lab)
        wait_until(lambda: (lab.unit("api-0").memory_peak or 0) > 100 * MIB, PATIENCE, "it has grown")
        for soft, hard, said in ((200, 400, 400), (200, 250, 250), (None, 60, 250), (None, None, None)):
            number = len(changed(lab))
            write(lab, soft, hard)
            wait_until(lambda number=number: len(changed(lab)) > number, PATIENCE, "it is told")  # type: ignore[misc]
            assert (str((said or 250) * MIB) in limit_of(pid)) == (said is not None)
            assert lab.unit("api-0").memory.hard == (None if said is None else said * MIB)
        assert [words.partition(", ")[2] for words in changed(lab)] == [
            *("from now on", "from now on", "from its next start, or when it uses less", "from now on"),
        ]
        assert lab.unit("api-0").pid == pid


def test_a_launcher_that_takes_its_time_is_no_change() -> None:
    """Before it has asked for its group nothing is told of a limit, however often anybody looks meanwhile."""
    with Lab([Unit("api-0", autostart=False), Unit("web-0")]) as lab:
        need_groups(lab)
        late = lab.state / "late.py"
        late.write_text(
            "import os, sys, time\ntime.sleep(3)\nos.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
        )
        spec = next(lab.state.glob("api-0.*.spec"))
        lab.change("api-0", command=f"{sys.executable} {late} -I -S {launch.__file__} {spec}")
        write(lab, 100, 150)
        pid = started(lab)
        wait_until(lambda: groups_of(pid), PATIENCE, "it has asked")
        number = lab.unit("web-0").memory_samples
        wait_until(lambda: lab.unit("web-0").memory_samples > number + 8, PATIENCE, "it was looked at again")
        assert changed(lab) == []


def changed(lab: Lab) -> list[str]:
    """Return what the history says of changed hard limits."""
    return [told(event) for event in recorded(State(str(lab.state))) if event.event == "hard-limit"]


def limit_of(pid: int) -> str:
    """Return what the kernel says is the hard limit of the group of `pid`."""
    lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").splitlines()
    path = next(line for line in lines if "/procman." in line).split(":", 2)[2]
    unified, memory = Path(f"/sys/fs/cgroup{path}/memory.max"), Path(f"/sys/fs/cgroup/memory{path}")
    return (unified if unified.exists() else memory / "memory.limit_in_bytes").read_text(encoding="ascii")
