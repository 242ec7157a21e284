"""How long an answer of supervisord is waited for: long while it works, not so long while it does nothing.

With a hundred services that start on a busy machine it may need more time for a turn of its loop than any limit that
would be fit for one that hangs. The kernel tells the two apart: one that works uses the processor, or waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST = 60.0
SLICE = 0.5
TOLD_AFTER = 5.0
_AT_WORK = (b"R", b"D")
"""It has the processor or waits for it; it waits for a disk."""


class Patience:
    """One answer that is waited for, of the process `pid`, which may do nothing for `idle` seconds.

    `told` is called once, with words, when it takes long. `slice` is the time to wait before `lasts` is asked.
    """

    def __init__(self, pid: int, idle: float, told: Callable[[str], None] | None) -> None:
        self.slice = min(SLICE, idle / 2)
        self.busy = False
        self._pid = pid
        self._idle = idle
        self._told = told
        self._began = self._moved = time.monotonic()
        self._used = _look(pid)[1]

    def lasts(self) -> bool:
        """Tell whether to wait on: `busy` says afterwards whether it works, or has been found to do nothing."""
        now = time.monotonic()
        state, used = _look(self._pid)
        if used != self._used or state in _AT_WORK:
            self._used, self._moved = used, now
        self.busy = now - self._moved < self._idle
        if self.busy and self._told is not None and now - self._began >= TOLD_AFTER:
            self._told(f"supervisord (pid {self._pid}) is busy and has not answered for {now - self._began:.0f} s")
            self._told = None
        return self.busy and now - self._began < max(LONGEST, self._idle)


def _look(pid: int) -> tuple[bytes, int]:
    """Return the state of `pid` and the ticks of processor time it has used; nothing when it cannot be seen."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib is 8 ms of `status`
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return b"", 0
    return fields[0], int(fields[11]) + int(fields[12])
