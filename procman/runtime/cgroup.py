"""Control groups for the hard memory limit: one per process, below the manager's own. Detected, never assumed.

The launcher puts itself into its group before it becomes the service, so all that descends from it is in there too; a
move waits for the kernel, and supervisord must not. A group belongs to one process only, so what it counts, highest use
and kills, is that process's. Where the kernel or the host gives none, `reason` says why.
"""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

from procman.runtime import groupfs, procfs

PREFIX = "procman."


class Ended(NamedTuple):
    """What the group of a process counted: how many processes the kernel killed for it, and the most it used."""

    kills: int
    peak: int | None


class Groups:
    """The groups of this process's services, for the project in the directory `state`.

    `root` stands before every path: for tests.
    """

    def __init__(self, root: str = "", state: str = "") -> None:
        self._state = state
        self.version = 0
        self.reason = "not looked for yet"
        self._root = root
        self._base = ""
        self._of: dict[str, tuple[int, str, int | None]] = {}
        self._soft: dict[str, int | None] = {}
        self._left: list[str] = []
        self._kills: dict[str, int] = {}

    def find(self) -> None:
        """Look for a place to make groups in, and make the folder of this manager there."""
        try:
            place = groupfs.find(self._root)
            if isinstance(place, str):
                self.version, self.reason = 0, place
                return
            _sweep(place.folder)
            self._base = f"{place.folder}/{PREFIX}{os.getpid()}{_mark(self._state)}"
            os.makedirs(self._base, mode=0o755, exist_ok=True)
            groupfs.prepare(place, self._base)
            self.version, self.reason = place.version, ""
        except OSError as error:
            self.version, self.reason = 0, f"cannot make one: {error.strerror}: {error.filename}"
            self._discard()

    def make(self, unit: str, pid: int, soft: int | None, hard: int | None) -> str | None:
        """Make the group of the process `pid` of `unit`; return the file it has to write 0 into, None for no group.

        OSError when the kernel refuses it.
        """
        if not self.version or hard is None:
            return None
        self.leave(unit)
        folder = f"{self._base}/{unit}.{pid}"
        os.makedirs(folder, mode=0o755, exist_ok=True)
        self._of[unit] = (pid, folder, hard)
        self._soft[folder] = soft
        self._kills[unit] = 0
        groupfs.limit(self.version, folder, soft, hard)
        return f"{folder}/cgroup.procs"

    def holds(self, unit: str, pid: int) -> bool:
        """Tell whether the process `pid` of `unit` is in its group now: not assumed, but read."""
        known = self._of.get(unit)
        if known is None or known[0] != pid:
            return False
        return str(pid).encode() in (procfs.read(f"{known[1]}/cgroup.procs") or b"").split()

    def hard(self, unit: str) -> int | None:
        """Return the limit that the group of `unit` has, in bytes; None without one."""
        return self._of[unit][2] if unit in self._of else None

    def change(self, unit: str, soft: int | None, hard: int | None) -> bool:
        """Give the group of `unit` another limit while it runs; False when that cannot be now.

        Below what is used now the kernel would make room, and supervisord would wait for it. What was started without a
        group gets one with its next start. OSError when the kernel refuses it.
        """
        known = self._of.get(unit)
        if known is None:
            return not self.version or hard is None
        if (hard, soft) == (known[2], self._soft.get(known[1])):
            return True
        least = groupfs.slowing(soft, hard) or hard
        used = groupfs.used(self.version, known[1])
        if least is not None and (used is None or used >= least):
            return False
        groupfs.limit(self.version, known[1], soft, hard)
        self._of[unit] = (known[0], known[1], hard)
        self._soft[known[1]] = soft
        return True

    def killed(self, unit: str) -> int:
        """Return how many processes of `unit` the kernel has killed for its limit since this was last asked."""
        known = self._of.get(unit)
        if known is None:
            return 0
        now = groupfs.kills(self.version, known[1])
        before, self._kills[unit] = self._kills.get(unit, 0), now
        return max(0, now - before)

    def ended(self, unit: str, pid: int) -> Ended | None:
        """Return what the group of the process `pid` counted, which has ended; None when it had none."""
        known = self._of.get(unit)
        if known is None or known[0] != pid:
            return None
        return Ended(groupfs.kills(self.version, known[1]), groupfs.peak(self.version, known[1]))

    def swapped(self, one: str, other: str) -> None:
        """Let the group of each be that of the other: their processes have changed names."""
        names = {one: other, other: one}
        self._of = {names.get(unit, unit): known for unit, known in self._of.items()}
        self._kills = {names.get(unit, unit): kills for unit, kills in self._kills.items()}

    def leave(self, unit: str) -> None:
        """Remove the group of `unit`, now or once nothing is left in it."""
        known = self._of.pop(unit, None)
        if known is not None:
            self._left.append(known[1])
            self._soft.pop(known[1], None)
        self.tidy()

    def tidy(self) -> None:
        """Remove the groups that are empty by now."""
        self._left = [folder for folder in self._left if not _removed(folder)]

    def end(self) -> None:
        """Remove every group that is empty; for the manager's last moment."""
        for unit in tuple(self._of):
            self.leave(unit)
        self._discard()

    def _discard(self) -> None:
        if self._base:
            with contextlib.suppress(OSError):
                os.rmdir(self._base)


def left_behind(state: str, root: str = "") -> list[int]:
    """Return the processes in groups of dead managers of the project in `state`, whatever they did to hide.

    For who may not wait for them to be found otherwise: no closed descriptor and no wiped environment takes a process
    out of its group. Only groups in the same place as ours are seen.
    """
    place = groupfs.find(root)
    mark = _mark(state)
    if isinstance(place, str) or not mark:
        return []
    folders = (f"{place.folder}/{name}" for name in os.listdir(place.folder) if _is_dead(name) and name.endswith(mark))
    inner = (f"{folder}/{name}/cgroup.procs" for folder in folders for name in os.listdir(folder))
    return [int(pid) for path in inner for pid in groupfs.words(path)]


def _mark(state: str) -> str:
    """Return what tells the project in the directory `state` from every other on this host."""
    try:
        found = os.stat(state)
    except OSError:
        return ""
    return f".{found.st_dev:x}-{found.st_ino:x}"


def _is_dead(name: str) -> bool:
    """Tell whether `name` is the folder of a manager that is gone."""
    number = name.removeprefix(PREFIX).partition(".")[0]
    return name.startswith(PREFIX) and number.isdigit() and procfs.identity(int(number)) is None


def _removed(folder: str) -> bool:
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _sweep(folder: str) -> None:
    """Remove what managers that were killed have left: groups without a process."""
    for name in os.listdir(folder):
        if _is_dead(name):
            with contextlib.suppress(OSError):
                for inner in os.listdir(f"{folder}/{name}"):
                    if os.path.isdir(f"{folder}/{name}/{inner}"):
                        _removed(f"{folder}/{name}/{inner}")
                os.rmdir(f"{folder}/{name}")
