"""Sizes and times: text to numbers and back. Sizes are bytes in binary multiples, times are seconds."""

from __future__ import annotations

import re

KIB, MIB, GIB, TIB = 1 << 10, 1 << 20, 1 << 30, 1 << 40
MINUTE, HOUR, DAY = 60, 3600, 86400
SIZE_FORMS = "400M or 2G (K, M, G or T, binary multiples)"
TIME_FORMS = "500ms, 10s, 5m or 1h"
MAX_SIZE = 64 * TIB
MAX_TIME = 7 * 24 * 3600.0

_SIZE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([KMGT])")
_TIME = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m|h)")
_FACTOR = {"K": KIB, "M": MIB, "G": GIB, "T": TIB}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_size(text: str) -> int:
    """Return the bytes that `text` names (``512M`` is 512 x 2**20); ValueError says what is accepted."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a size; write {SIZE_FORMS}")
    size = int(float(match[1]) * _FACTOR[match[2]])
    if size == 0:
        raise ValueError(f"'{text}' is nothing; write {SIZE_FORMS}")
    if size > MAX_SIZE:
        raise ValueError(f"'{text}' is more than {format_size(MAX_SIZE)}; write {SIZE_FORMS}")
    return size


def parse_time(text: str) -> float:
    """Return the seconds that `text` names (``1m`` is 60); ValueError says what is accepted."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a time; write {TIME_FORMS}")
    seconds = float(match[1]) * _SECONDS[match[2]]
    if seconds > MAX_TIME:
        raise ValueError(f"'{text}' is more than a week")
    return seconds


def format_size(size: int) -> str:
    """Return `size` (bytes) in MiB with thousands marked, in KiB below one MiB: ``1,100 MiB``."""
    if 0 < abs(size) < MIB:
        return f"{size / KIB:,.0f} KiB"
    return f"{size / MIB:,.0f} MiB"


def short_size(size: int) -> str:
    """Return `size` (bytes) as the manifest writes it, rounded to whole units: ``400M``."""
    for unit, factor in (("G", GIB), ("M", MIB), ("K", KIB)):
        if size >= factor and size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{size / MIB:.0f}M" if size >= MIB else f"{size / KIB:.0f}K"


def format_time(seconds: float) -> str:
    """Return `seconds` the way people read a duration: ``850ms``, ``12s``, ``3m 05s``, ``2d 4h``."""
    if seconds < 1:
        return f"{min(round(seconds * 1000), 999)}ms"
    whole = int(seconds)
    if whole < MINUTE:
        return f"{whole}s"
    if whole < HOUR:
        return f"{whole // MINUTE}m {whole % MINUTE:02d}s"
    if whole < DAY:
        return f"{whole // HOUR}h {whole % HOUR // MINUTE:02d}m"
    return f"{whole // DAY}d {whole % DAY // HOUR}h"
