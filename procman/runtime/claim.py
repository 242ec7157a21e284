"""The claim of one supervisord on a project's state directory: a lock, held for its life. Touches nothing else.

The file is never unlinked: with an unlinked lock two processes can hold two files of one name.
"""

from __future__ import annotations

import fcntl
import os

from procman.runtime import loop, proc

LOCK = "manager.lock"


class Claim:
    """`held`: this process owns the directory. Else `reason` says in words why not."""

    def __init__(self, state: str, least: int) -> None:
        self.path = os.path.join(state, LOCK)
        self.reason = "the state directory is not claimed yet"
        self._least = least
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this process owns the directory."""
        return self._fd is not None

    def take(self) -> bool:
        """Take the lock when nobody has it; tell whether it is ours now. Never waits."""
        if self._fd is None:
            try:
                self._fd = self._locked()
            except OSError as error:
                self.reason = f"cannot lock {self.path}: {error.strerror}"
        return self._fd is not None

    def _locked(self) -> int | None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = loop.high(os.open(self.path, flags, 0o600), self._least)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()} {proc.start_ticks(os.getpid())}\n".encode(), 0)
        except BlockingIOError:
            owner = os.pread(fd, 64, 0).split(b" ")[0].decode("ascii", "replace") or "unknown"
            self.reason = f"another supervisord (pid {owner}) runs this project"
            os.close(fd)
            return None
        except OSError:
            os.close(fd)
            raise
        return fd
