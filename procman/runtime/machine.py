"""What the machine has of memory now, and how long processes stalled for it. Reads /proc, decides nothing."""

from __future__ import annotations

from procman.core.pressure import Seen
from procman.runtime import procfs


def seen(root: str = "") -> Seen:
    """Return what the machine has now; sources: proc_meminfo(5), and the kernel's Documentation/accounting/psi.rst."""
    known = {}
    for line in (procfs.read(f"{root}/proc/meminfo") or b"").splitlines():
        name, _, rest = line.partition(b":")
        words = rest.split()
        if words and words[0].isdigit():
            known[name] = int(words[0]) * 1024
    stalls = {b"some": 0.0, b"full": 0.0}
    for line in (procfs.read(f"{root}/proc/pressure/memory") or b"").splitlines():
        words = line.split()
        if len(words) > 1 and words[1].startswith(b"avg10="):
            stalls[words[0]] = float(words[1].partition(b"=")[2])
    return Seen(
        known.get(b"MemTotal", 0),
        known.get(b"MemAvailable", 0),
        known.get(b"SwapTotal", 0),
        known.get(b"SwapFree", 0),
        stalls[b"some"],
        stalls[b"full"],
    )
