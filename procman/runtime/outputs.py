"""One log for two processes of a unit, while one replaces the other. Reads and writes nothing.

supervisord opens a log at its end, but one that it has just rotated at its beginning: with a second process on the same
file each would then write over what the other has written.
"""

from __future__ import annotations

import contextlib
import fcntl
import os


def share(path: str | None) -> None:
    """Let every descriptor of this process on the file `path` write at its end, wherever that is by then."""
    try:
        wanted = os.stat(path or "")
    except OSError:
        return  # nothing is written there yet
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the one by which the list was read is closed
            if os.path.samestat(os.fstat(int(name)), wanted):
                flags = fcntl.fcntl(int(name), fcntl.F_GETFL)
                fcntl.fcntl(int(name), fcntl.F_SETFL, flags | os.O_APPEND)
