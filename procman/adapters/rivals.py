"""The same consumer in another project: what another manager of procman runs, or a dead one has left. Reads /proc.

Its lock says so first; this also sees one that an older version of procman started, or that has lost its lock.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from procman.core.spec import Spec, to_records
from procman.runtime import procfs, programs
from procman.runtime.chain import Launch
from procman.runtime.exits import printable

MARK = b"PROCMAN_STATE"


def find(specs: tuple[Spec, ...], table: dict[int, int], ours: set[int]) -> Iterator[tuple[Spec, int]]:
    """Yield each singleton of `specs` with every process of another project that handles the same.

    Of a process tree the first one is named. `table` has the parent of each pid; `ours` are left out.
    """
    alone = [spec for spec in specs if spec.locks]
    states = {os.fsencode(spec.state) for spec in alone}
    others = [pid for pid in sorted(set(table) - ours) if _is_first(pid, table, states)] if alone else []
    asked = [(spec, Launch(to_records(spec)).wanted()) for spec in alone] if others else []
    for pid in others:
        environment = procfs.environ(pid)
        runs = _programs(pid) if procfs.value(environment, b"PROCMAN_PROGRAM") is None else frozenset()
        yield from ((spec, pid) for spec, wanted in asked if wanted.meets(environment, runs))


def told(pid: int) -> tuple[str, str]:
    """Return which project runs `pid`, and the command that ends it there for good."""
    environment = procfs.environ(pid)
    found = (procfs.value(environment, b"PROCMAN_" + name) for name in (b"PROJECT", b"SERVICE", b"STATE", b"MANAGER"))
    project, service, state, manager = (printable(value or b"?") for value in found)
    if procfs.is_identity(manager.encode()) and not procfs.lives(manager.encode()) and procfs.shares_pids(pid):
        return f"a dead manager of procman, project {project}", f"kill {pid}"
    return f"procman, project {project} in {state}", f"procman stop {service}{_file(state)}"


def _is_first(pid: int, table: dict[int, int], ours: set[bytes]) -> bool:
    """Tell whether `pid` is a singleton of another project than those in `ours`, and no process below one."""
    environment = procfs.environ(pid)
    state = procfs.value(environment, MARK)
    if state is None or state in ours or procfs.value(environment, b"PROCMAN_COOKIE") is None:
        return False
    return state != procfs.value(procfs.environ(table[pid]), MARK)


def _file(state: str) -> str:
    """Return the option that names the manifest of the project in `state`, where that is this user's own."""
    import json  # noqa: PLC0415 - few hosts have a rival

    try:
        ours = os.stat(state).st_uid == os.geteuid()  # noqa: PTH116
        path = json.loads(procfs.read(f"{state}/applied.json") or b"{}")["path"] if ours else None
    except (OSError, ValueError, KeyError, TypeError):
        path = None
    return f" --file {printable(str(path))}" if path else ", by its own user"


def _programs(pid: int) -> frozenset[str]:
    argv = [os.fsdecode(word) for word in (procfs.read(f"/proc/{pid}/cmdline") or b"").split(b"\0")[:-1]]
    try:
        return programs.keys(argv, os.readlink(f"/proc/{pid}/cwd")) if argv else frozenset()  # noqa: PTH115
    except OSError:
        return frozenset()
