"""Processes that run a singleton's command outside its project, and how each was started. Ends on request."""

from __future__ import annotations

import os
import pwd
import signal
import time
from itertools import takewhile

from procman.adapters import processes, rivals
from procman.core.spec import Spec
from procman.core.strays import Command, Stray, family, runs
from procman.runtime import procfs
from procman.runtime.exits import printable

POLL = 0.02
MANAGERS = frozenset((b"supervisor.supervisord", b"procman.runtime.supervisord"))
"""The module that Python was told to run: supervisord by hand, or by us."""

INLINE = frozenset(("-c", "-e", "-m", "--eval"))
"""Options whose value is the program itself: what comes after them is no script."""

TICKS = os.sysconf("SC_CLK_TCK")


def command_of(spec: Spec) -> Command:
    """Return what an instance runs, in the form processes are compared in; a shell's text as its own command."""
    return _command(spec.argv, spec.argv[0], spec.directory)


def find(specs: tuple[Spec, ...], manager: int | None = None) -> tuple[Stray, ...]:
    """Return every process that runs the command of one of `specs`: under no manager of procman's, or another one.

    `manager` is the pid of the project's own. Whoever asks, and what asked for it, is left out.
    """
    wanted = {spec.service: command_of(spec) for spec in specs}
    programs = {command.program for command in wanted.values()}
    table = processes.parents()
    ours = set(processes.tree(manager, table)) if manager else set()
    left_out = ours | procfs.ancestors(os.getpid())
    found = []
    for pid in sorted(set(table) - left_out):
        seen = seen_of(pid, programs)
        for service, command in wanted.items():
            same = runs(command, seen) if seen else False
            if same is not False and not managed(pid, table):
                found.append(_stray(service, pid, seen, table, sure=bool(same)))
    elsewhere = (_elsewhere(spec.service, pid) for spec, pid in rivals.find(specs, table, left_out))
    return (*found, *elsewhere)


def managed(pid: int, table: dict[int, int]) -> bool:
    """Tell whether `pid`, or one it descends from, carries procman's mark or is a manager."""
    while pid > 1:
        if procfs.value(procfs.environ(pid), rivals.MARK) is not None or MANAGERS & set(_argv(pid)):
            return True
        pid = table.get(pid, 0)
    return False


def seen_of(pid: int, programs: set[str]) -> Command | None:
    """Return what `pid` runs when that is one of `programs`, else None."""
    argv = [os.fsdecode(word) for word in _argv(pid)]
    if len(argv) == 1:
        argv = argv[0].split()  # it has rewritten its title, as npm and PM2 do
    if not argv:
        return None
    executable = _link(f"/proc/{pid}/exe")
    if family(argv[0]) not in programs and family(executable or "") not in programs:
        return None
    first = argv[0] if family(argv[0]) in programs else executable or argv[0]
    return _command(tuple(argv), first, _link(f"/proc/{pid}/cwd"))


def named(pid: int) -> str:
    """Return program and script of `pid`, fit for a message."""
    return procfs.words(pid)


def end(pid: int, within: float) -> bool:
    """End `pid`, politely and after `within` seconds firmly; tell whether it is gone."""
    known = procfs.identity(pid)
    for number, patience in ((signal.SIGTERM, within), (signal.SIGKILL, 5.0)):
        if known is None or procfs.identity(pid) != known:
            return True
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        deadline = time.monotonic() + patience
        while procfs.identity(pid) == known and time.monotonic() < deadline:
            time.sleep(POLL)
    return procfs.identity(pid) != known


def _command(argv: tuple[str, ...], executable: str, directory: str | None) -> Command:
    before = takewhile(lambda word: word not in INLINE, argv[1:])
    paths = (os.path.join(directory or "/", word) for word in before if _may_be_file(word, directory))  # noqa: PTH118
    script = next((os.path.realpath(path) for path in paths if os.path.isfile(path)), None)  # noqa: PTH113
    return Command(family(executable), executable, script, argv[1:], directory)


def _may_be_file(word: str, directory: str | None) -> bool:
    return bool(word) and not word.startswith("-") and (directory is not None or word.startswith("/"))


def _stray(service: str, pid: int, seen: Command | None, table: dict[int, int], *, sure: bool) -> Stray:
    origin, stop = _origin(pid, table)
    script = seen.script.rpartition("/")[2] if seen and seen.script else ""
    words = f"{seen.program} {printable(script)}" if seen and script else procfs.words(pid)
    return Stray(service, pid, words, _user(pid), _started(pid), origin, stop, sure)


def _elsewhere(service: str, pid: int) -> Stray:
    origin, stop = rivals.told(pid)
    return Stray(service, pid, procfs.words(pid), _user(pid), _started(pid), origin, stop)


def _user(pid: int) -> str:
    owner = procfs.owner(pid)
    try:
        return pwd.getpwuid(owner).pw_name if owner is not None else "?"
    except KeyError:
        return str(owner)


def _origin(pid: int, table: dict[int, int]) -> tuple[str, str]:
    """Return how `pid` was started, by the chain of its parents, and the command that ends it for good."""
    environment = procfs.environ(pid)
    kill = f"kill {pid}"
    above, chain = table.get(pid, 0), []
    while above > 1:
        chain.append((above, procfs.words(above)))
        above = table.get(above, 0)
    for parent, words in chain:
        title = b" ".join(_argv(parent))
        if b"God Daemon" in title:
            number = procfs.value(environment, b"pm_id")
            return f"PM2 (pid {parent})", f"pm2 delete {number.decode('utf-8', 'replace')}" if number else kill
        if "supervisord" in words:
            name = procfs.value(environment, b"SUPERVISOR_PROCESS_NAME") or b"NAME"
            return f"supervisord (pid {parent})", f"supervisorctl stop {name.decode('utf-8', 'replace')}"
        if words.startswith(("tmux", "screen", "SCREEN")):
            return f"{words.split(':')[0].split()[0]} (pid {parent})", kill
    unit = _unit(pid)
    if unit:
        return f"systemd ({unit})", f"systemctl stop {unit}"
    return (f"{chain[0][1]} (pid {chain[0][0]})" if chain else "a parent that is gone"), kill


def _unit(pid: int) -> str | None:
    """Return the systemd service that `pid` belongs to, or None."""
    for line in os.fsdecode(procfs.read(f"/proc/{pid}/cgroup") or b"").splitlines():
        parts = [p for p in line.rpartition(":")[2].split("/") if p.endswith(".service") and not p.startswith("user@")]
        if parts:
            return parts[-1]
    return None


def _started(pid: int) -> float:
    now = procfs.status(pid)
    with open("/proc/uptime", encoding="ascii") as file:  # noqa: PTH123
        up = float(file.read().split()[0])
    return time.time() - up + int(now[3]) / TICKS if now else 0.0


def _argv(pid: int) -> list[bytes]:
    return [word for word in (procfs.read(f"/proc/{pid}/cmdline") or b"").split(b"\0") if word]


def _link(path: str) -> str | None:
    try:
        return os.readlink(path)  # noqa: PTH115
    except OSError:
        return None
