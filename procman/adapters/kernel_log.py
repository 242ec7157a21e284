"""The kernel's own log: which processes its OOM killer has ended. Not everybody may read it."""

from __future__ import annotations

import os
import re
import time

MOST = 1 << 20


def kills() -> dict[int, tuple[float, str]] | None:
    """Return by pid when (seconds since the epoch) and in which words; None when the log may not be read.

    Only what the ring buffer still holds, a few hundred KiB.
    """
    try:
        descriptor = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return found(_records(descriptor), time.time() - time.clock_gettime(time.CLOCK_MONOTONIC))
    finally:
        os.close(descriptor)


def found(records: list[str], boot: float) -> dict[int, tuple[float, str]]:
    """Return the kills in `records`, of the form of ``/dev/kmsg``; `boot` is when its clock began."""
    kills = {}
    for record in records:
        head, _, text = record.partition(";")
        fields, match = head.split(","), re.search(r"[Kk]illed process (\d+) \(", text)
        if match is not None and len(fields) > 2 and fields[2].isdigit():  # noqa: PLR2004 - level, number, time
            kills[int(match[1])] = (boot + int(fields[2]) / 1e6, text.partition("\n")[0][:200])
    return kills


def _records(descriptor: int) -> list[str]:
    records: list[str] = []
    size = 0
    while size < MOST:
        try:
            data = os.read(descriptor, 8192)  # one record each
        except BrokenPipeError:  # overwritten while it was read: go on with the next
            continue
        except OSError:
            break
        if not data:
            break
        size += len(data)
        records.append(data.decode("utf-8", "replace"))
    return records
