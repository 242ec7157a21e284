"""A number that grows with every start of a consumer: a store that keeps the largest refuses who was replaced.

The count lies in the state directory. Where it cannot be written the clock stands in for it: a full disk must not keep
a consumer down.
"""

import posix
import time

from procman.runtime import procfs

MOST = 20


def fresh(state: str, unit: str) -> str:
    """Return a token for this start of `unit`: larger than that of every start before."""
    path = f"{state}/tokens/{unit}"
    known = (procfs.read(path) or b"").strip()
    before = int(known) if known.isdigit() and len(known) < MOST else 0
    token = max(before + 1, time.time_ns() // 1_000_000)
    _keep(path, b"%d\n" % token)
    return str(token)


def _keep(path: str, data: bytes) -> None:
    try:
        try:
            posix.mkdir(path.rpartition("/")[0], 0o700)
        except FileExistsError:
            pass
        descriptor = posix.open(f"{path}.new", posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC | posix.O_CLOEXEC, 0o600)
        try:
            posix.write(descriptor, data)
        finally:
            posix.close(descriptor)
        posix.rename(f"{path}.new", path)
    except OSError:
        return
