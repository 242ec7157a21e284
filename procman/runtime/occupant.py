"""Finds who listens on a port that is taken, some processes at a time: it runs inside supervisord. Never waits."""

from __future__ import annotations

import os
import time

from procman.runtime import proc, procfs

SECONDS = 0.02


class Occupants:
    """Searches the descriptors of all processes. The search for a port goes on where the last one broke off.

    `seconds`: of processor time, for one search. A busy machine thus takes nothing from it.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._after: dict[int, int] = {}

    def find(self, port: int) -> str | None:
        """Return "process PID (NAME)" for who listens on TCP `port`, or None when it has not been found yet."""
        inodes = {f"socket:[{inode}]" for inode in proc.listening_inodes(port)}
        after = self._after.pop(port, 0)
        pids = sorted(procfs.pids(), key=lambda pid: (pid <= after, pid)) if inodes else []
        begun = time.thread_time()
        for pid in pids:
            if _holds(pid, inodes):
                self._after[port] = pid - 1  # the next one begins with it
                return f"process {pid} ({_name(pid)})"
            if time.thread_time() - begun >= self._seconds:
                self._after[port] = pid
                return None
        return None


def _holds(pid: int, inodes: set[str]) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        return any(_target(f"{folder}/{fd}") in inodes for fd in os.listdir(folder))
    except OSError:
        return False


def _target(link: str) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "?"
