"""Says whose numbers system calls have here. Nothing else."""

from __future__ import annotations

import os
import struct
import sys

_WIDE = 8
_NARROW = {"arm": "arm", "aar": "arm", "x86": "i386", "i38": "i386", "i48": "i386", "i58": "i386", "i68": "i386"}


def calls() -> str:
    """Return the processor that this program's system calls are numbered for: `x86_64`, `aarch64`, `arm`, `i386`, ...

    A program of 32 bits is told of a kernel of 64 by uname(2), and has the calls of the narrow one: so Raspberry Pi OS
    runs by default. Empty where numbers lie in memory with their highest byte first: nothing here knows such layouts.
    """
    machine = os.uname().machine
    if sys.byteorder != "little":
        return ""
    if struct.calcsize("P") == _WIDE:
        return machine
    return _NARROW.get(machine[:3], "")
