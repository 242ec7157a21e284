"""What stalls in procman's part of supervisord is broken off, or never waited for, and costs its own work only."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from procman.core import events, limits
from procman.core.manifest import Address, Restart
from tests.support.supervised import ANSWERS, Lab, Unit, free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PATIENCE = 60.0
STALLS = """
import os
from procman.runtime import caps, chronicle, dependencies, journal, keeper, orphans, plugin, restarts, rolling, watchdog
watchdog.BUDGET, watchdog.GRACE = 0.2, 0.1
READ, WRITE = os.pipe()
def waits(*arguments, **named):
    os.read(READ, 1)
def loops(*arguments, **named):
    while True:
        pass
{target} = {how}
make = plugin.make
"""
FAILS = Restart(max=0, delay=0.05)


@pytest.mark.parametrize("how", ["waits", "loops"])
@pytest.mark.parametrize(
    "target",
    [
        *("plugin.Core._running", "plugin.Core._changed", "plugin.Core._removed", "plugin.Core._stopping"),
        *("plugin.Core._serve", "plugin.Core.answer", "plugin.Core.status", "journal.Journal._append"),
        *("chronicle.Chronicle.before", "chronicle.Chronicle.reaped", "keeper.Keeper._look", "caps.Caps.look"),
        *("dependencies.Dependencies.turn", "restarts.Restarts.on_state", "rolling.Rolling._turn", "orphans.adopted"),
    ],
)
def test_a_stall_in_any_callback_is_broken_off(target: str, how: str) -> None:
    """Whatever waits or loops for ever, supervisord answers, tells of it, and ends as it is told."""
    where = Address("127.0.0.1", free_port())
    units = [Unit("db-0"), Unit("job-0", "raise SystemExit(3)", restart=FAILS), Unit("web-0", ANSWERS, where)]
    with Lab(units, plugin=STALLS.format(target=target, how=how)) as lab:
        if target == "rolling.Rolling._turn":
            lab.client.replace("db-0", "a test")
        elif target == "plugin.Core._removed":
            wait_until(lambda: lab.unit("job-0").pid is None, PATIENCE, "it has ended")
            lab.stop("job-0")
            lab.client.remove("job-0")
        elif target != "plugin.Core._stopping":
            wait_until(lambda: "Stalled" in lab.log(), PATIENCE, "the stall is met")
            wait_until(lab.answers, PATIENCE, "it answers")
        lab.end()
        assert lab.code == 0
        assert "Stalled" in lab.log()


def test_a_stalled_look_at_memory_costs_no_restart_and_is_told() -> None:
    """What is killed meanwhile is started again; the history names the step and how long it took; the look rests."""
    with Lab([Unit("db-0")], plugin=STALLS.format(target="caps.Caps.look", how="waits")) as lab:
        wait_until(lambda: any(e.event == "stalled" for e in seen(lab.state)), PATIENCE, "it is told")
        told = next(e for e in seen(lab.state) if e.event == "stalled")
        assert told.text("step") == "measuring memory"
        assert 0.2 <= (told.number("seconds") or 0) < PATIENCE
        pid = lab.unit("db-0").pid or 0
        os.kill(pid, signal.SIGKILL)
        lab.wait_restarted("db-0", pid)


def test_supervisords_own_work_is_never_broken_off() -> None:
    """A start that takes long inside supervisord is awaited: a process that was forked is never lost."""
    slow = (
        STALLS.format(target="unused", how="None")
        + """
import supervisor.process
exec('''
spawned = Subprocess.spawn
def slowly(self):
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        time.sleep(0.01)
    return spawned(self)
Subprocess.spawn = slowly
''', vars(supervisor.process))
"""
    )
    with Lab([Unit("db-0")], plugin=slow) as lab:
        pid = lab.wait("db-0", "RUNNING").pid
        lab.client.replace("db-0", "a test")
        lab.wait_restarted("db-0", pid)
        assert "Stalled" not in lab.log()
        assert any(e.event == "stalled" for e in seen(lab.state))


@pytest.mark.parametrize("name", ["limits.json", "applied.json", "events.log", "manager.lock", "spec"])
def test_a_pipe_in_place_of_a_file_stalls_nothing(name: str) -> None:
    """A FIFO that nobody writes to, or that somebody holds open and never reads, is not waited for."""
    shed = limits.to_text(limits.Limits({"db": limits.Limit(1 << 30, None, singleton=False, listens=False)}, shed=True))
    lab = Lab([Unit("db-0"), Unit("api-0")])
    (lab.state / limits.FILE).write_text(shed)
    lab.write()
    path = next(lab.state.glob("db-0.*.spec")) if name == "spec" else lab.state / name
    path.unlink(missing_ok=True)
    os.mkfifo(path, 0o600)
    held = os.open(path, os.O_RDWR)
    lab.write = lambda: None  # type: ignore[method-assign] # it would write the spec again
    try:
        with lab:
            if name == "manager.lock":
                wait_until(lambda: "nothing is started here" in lab.log(), PATIENCE, "it cannot be locked")
            else:
                pid = lab.wait("api-0", "RUNNING").pid or 0
                os.kill(pid, signal.SIGKILL)
                lab.wait_restarted("api-0", pid)
            lab.end()
            assert lab.code == 0
            assert "Stalled" not in lab.log()
    finally:
        os.close(held)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small file system")
def test_a_full_disk_stalls_nothing(tmp_path: Path) -> None:
    """Events are lost, which is said once; restarts go on, and events come back with the room."""
    often = Restart(max=100, delay=0.01, factor=1)
    with small_disk(tmp_path) as disk, Lab([Unit("db-0", restart=often)], project=disk) as lab:
        wait_until(lambda: any(e.event == "running" for e in seen(disk)), PATIENCE, "the history is written")
        with pytest.raises(OSError, match="No space"):
            (disk / "filler").write_bytes(b"x" * (1 << 20))
        size = (disk / "events.log").stat().st_size
        pids = [lab.unit("db-0").pid]
        while "No space" not in lab.log():  # what is left of the last block takes some events
            os.kill(pids[-1] or 0, signal.SIGKILL)
            pids.append(lab.wait_restarted("db-0", pids[-1]).pid)
            assert len(pids) < 90, f"the disk never filled up from {size} bytes"
        (disk / "filler").unlink()
        os.kill(pids[-1] or 0, signal.SIGKILL)
        lab.wait_restarted("db-0", pids[-1])
        wait_until(lambda: seen(disk)[-1].event in ("start", "running"), PATIENCE, "it is written again")
        assert "Stalled" not in lab.log()


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount 64 KiB."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def seen(state: Path) -> tuple[events.Event, ...]:
    """Return what the journal holds."""
    path = state / "events.log"
    return events.parsed(path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
