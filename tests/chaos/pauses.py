"""SIGSTOP and SIGCONT, lost lock files, full and read-only disks, reused pids, what a reboot leaves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from procman.adapters.supervisor_rpc import Fault
from procman.core.errors import ProcmanError
from procman.runtime import procfs
from tests.chaos.arena import Arena
from tests.chaos.oom import memory_limit
from tests.support.projects import Project, service
from tests.support.waiting import wait_until

TITLE = "SIGSTOP, lock files deleted, disk full or read-only, pid reused, OOM kill, reboot leftovers"
SMALL, FULL = 10, 250

ROOT = os.geteuid() == 0


def attack(arena: Arena, rounds: int) -> None:
    """Do one of these each round while another home wants the same consumer; then let things go on."""
    arena.write({**arena.mqtt(), "command": [*service("wrapper", "plain"), *arena.witness()]})
    other = arena.shop.beside(home=arena.shop.folder.parent / "h2")
    other.write({"mqtt": arena.mqtt()})
    for number in arena.rounds(rounds):
        before, since = arena.starts(), time.monotonic()
        if arena.unit_pid() is None:
            arena.run("up", codes={0})
            arena.lives_again(since, before)
        DEEDS[number % len(DEEDS)](arena, other)
        arena.settled()
        before, since = arena.starts(), time.monotonic()
        arena.run("up", codes={0})
        if not arena.consumers():
            arena.lives_again(since, before)
    _end(other)


def _rival(arena: Arena, other: Project) -> None:
    """The other home asks for the consumer: refused while the first has it."""
    done = other.run("up", timeout=90)
    arena.judge(done, {0, 1, 75})
    arena.settled()
    if done.code == 0:
        _end(other)


def _end(other: Project) -> None:
    other.run("down", timeout=90)


def _consumer_stopped(arena: Arena, other: Project) -> None:
    pids = arena.consumers()
    for pid in pids:
        arena.kill(pid, signal.SIGSTOP)
    _rival(arena, other)
    for pid in arena.shop.managers():
        arena.kill(pid)
    _rival(arena, other)
    for pid in pids:
        arena.kill(pid, signal.SIGCONT)


def _manager_stopped(arena: Arena, other: Project) -> None:
    managers = arena.shop.managers()[:1]
    unit = arena.unit_pid()
    for pid in managers:
        arena.kill(pid, signal.SIGSTOP)
    if unit:
        arena.kill(unit)
    _rival(arena, other)
    for pid in managers:
        arena.kill(pid, signal.SIGCONT)


def _launcher_stopped(arena: Arena, other: Project) -> None:
    """The launcher stands still somewhere between fork and exec, and goes on later."""
    unit = arena.unit_pid()
    if unit is None:
        return
    arena.kill(unit)
    found = wait_until(
        lambda: [p for p in _launchers(arena) if p != unit] or arena.consumers(), 10, "a launcher", 0.001
    )
    arena.linger(0.01)
    for pid in found:
        arena.kill(pid, signal.SIGSTOP)
    _rival(arena, other)
    for pid in found:
        arena.kill(pid, signal.SIGCONT)


def _launchers(arena: Arena) -> list[int]:
    mark = f"{arena.shop.state}/specs/mqtt-0".encode()
    return [p for p in procfs.pids() if mark in (procfs.read(f"/proc/{p}/cmdline") or b"")]


def _lock_file_gone(arena: Arena, other: Project) -> None:
    for path in (*arena.shop.locks.glob("f.*"), *arena.shop.deeds()):
        path.unlink()
    _rival(arena, other)
    arena.expect(len(arena.consumers()) == 1, "the first was ended because its lock file was deleted")
    _restart(arena)


def _lock_folder_gone(arena: Arena, other: Project) -> None:
    _forget(arena)
    _rival(arena, other)
    arena.expect(len(arena.consumers()) == 1, "the first was ended because the lock folder was deleted")
    _restart(arena)


def _forget(arena: Arena) -> None:
    shutil.rmtree(arena.shop.locks, ignore_errors=True)
    for path in arena.shop.deeds():
        path.unlink()


def _restart(arena: Arena) -> None:
    before, since = arena.starts(), time.monotonic()
    arena.run("restart", "mqtt", codes={0})
    arena.lives_again(since, before)


def _reboot(arena: Arena, other: Project) -> None:
    """All is killed at once, the lock folder is gone as after a boot, sockets and pid files are still there."""
    for pid in [*arena.shop.managers(), *arena.shop.processes(), *arena.witnesses()]:
        arena.kill(pid)
    wait_until(lambda: not arena.shop.processes(), 10, "all is dead")
    _forget(arena)


def _pid_reused(arena: Arena, other: Project) -> None:
    """The dead manager's pid is given to a stranger, while its consumer lives on."""
    (manager, *_) = arena.shop.managers() or [0]
    arena.kill(manager)
    wait_until(lambda: procfs.identity(manager) is None, 10, "supervisord is dead")
    with _stranger(manager) as process:
        before, since = arena.starts(), time.monotonic()
        arena.run("up", codes={0})
        arena.lives_again(since, before)
        process.kill()


def _stranger(pid: int) -> subprocess.Popen[bytes]:
    """Start a process that has `pid`, where the kernel lets us choose; any process otherwise."""
    for _ in range(20 if ROOT else 1):
        if ROOT:
            Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1), encoding="ascii")
        process = subprocess.Popen(["/bin/sleep", "100"])
        if process.pid == pid or not ROOT:
            return process
        process.kill()
        process.wait()
    return subprocess.Popen(["/bin/sleep", "100"])


def _no_room(arena: Arena, other: Project) -> None:
    """The state lies on a disk that is full, then on one that is read-only: nothing starts, nothing ends."""
    if not ROOT or subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        return
    for options in ("size=16k", "size=64k", "ro"):
        script = f'mount -t tmpfs -o {options} none {arena.shop.home} && exec "$@"'
        command = ["unshare", "-m", "sh", "-c", script, "sh", sys.executable, "-m", "procman", "up"]
        done = subprocess.run(
            command, cwd=arena.shop.folder, env=arena.shop.environment(), check=False, capture_output=True, text=True,
            timeout=90,
        )  # fmt: skip
        arena.expect(done.returncode in (1, 75), f"up on {options} ended with {done.returncode}: {done.stderr[-300:]}")
        arena.expect("Traceback" not in done.stderr, done.stderr[-300:])
        arena.expect("internal error" not in done.stderr, done.stderr[-300:])
        arena.settled()


def _out_of_memory(arena: Arena, other: Project) -> None:
    """The kernel's own OOM killer ends the consumer, whose wrapper lives on for a moment."""
    consumers, unit = arena.consumers(), arena.unit_pid()
    with memory_limit(40 << 20) as group:
        if group is None or not consumers or unit is None:
            return
        before, since = arena.starts(), time.monotonic()
        for pid in {unit, *consumers}:
            group.take(pid)
        arena.kill(consumers[0], signal.SIGUSR1)
        arena.lives_again(since, before)
        arena.expect(group.kills() > 0, "the OOM killer did not come")
        arena.tally.kills += 1
    _rival(arena, other)


def _start_stop(arena: Arena, other: Project) -> None:
    """What supervisord runs is stopped by hand and the rival gets it: no two, and back again."""
    try:
        arena.client().stop("mqtt-0", wait=True)
    except (Fault, ProcmanError):
        return
    _rival(arena, other)


DEEDS: tuple[Callable[[Arena, Project], None], ...] = (
    _consumer_stopped,
    _manager_stopped,
    _launcher_stopped,
    _lock_file_gone,
    _lock_folder_gone,
    _reboot,
    _pid_reused,
    _no_room,
    _out_of_memory,
    _start_stop,
)
