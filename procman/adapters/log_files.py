"""Log files: their last lines, and what is appended, through rotation. Control characters are made visible."""

from __future__ import annotations

import os
from typing import BinaryIO

BLOCK = 1 << 16
LONGEST = 1 << 20


def tail(path: str, count: int, until: int | None = None) -> list[str]:
    """Return the last `count` lines of `path` (of its first `until` bytes) without their ends; none without a file.

    What is missing there is taken from what was rotated away: ``path.1``, then ``path.2``.
    """
    data, number = b"", 0
    seen: set[tuple[int, int]] = set()
    while count and data.count(b"\n") <= count and len(data) < LONGEST:
        older = _end_of(f"{path}.{number}" if number else path, count, None if number else until, seen)
        if older is None:
            break
        data, number = older + data, number + 1
    return [visible(line) for line in data.splitlines()[-count:]] if count else []


def between(path: str, inode: int, begin: int, end: int | None, count: int) -> list[str]:
    """Return the last `count` lines from `begin` to `end` of the file with this inode; none when it was rotated away.

    It is `path`, or what that was renamed to. No `end` is the end of the file.
    """
    number, name = 0, path
    while True:
        try:
            with open(name, "rb") as file:  # noqa: PTH123
                found = os.fstat(file.fileno())
                if found.st_ino == inode:
                    last = found.st_size if end is None else end
                    first = max(begin, last - BLOCK)
                    data = os.pread(file.fileno(), max(0, last - first), first)
                    return [visible(line) for line in data.splitlines()[-count:]] if count else []
        except OSError:
            return []
        number += 1
        name = f"{path}.{number}"


def telling(lines: list[str], count: int) -> list[str]:
    """Return the last `count` of `lines` that tell something: no empty one, no frame of a stack of node, no version."""
    import re  # noqa: PLC0415 - as below

    idle = re.compile(r"\s*$|\s+at .*(:\d+:\d+|<anonymous>)\)?$|\s*\d+: 0x[0-9a-f]|Node\.js v\d")
    return [line for line in lines if not idle.match(line)][-count:]


def visible(line: bytes) -> str:
    """Return `line` as text that cannot steer a terminal; tabs and colours (SGR) stay."""
    import re  # noqa: PLC0415

    text = line.decode("utf-8", "replace")
    return re.sub(r"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", text)


def _end_of(path: str, count: int, until: int | None, seen: set[tuple[int, int]]) -> bytes | None:
    """Return the end of a file, None without it, nothing of one in `seen`: it was renamed while we read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            found = os.fstat(file.fileno())
            if (found.st_dev, found.st_ino) in seen:
                return b""
            seen.add((found.st_dev, found.st_ino))
            end = found.st_size if until is None else min(found.st_size, until)
            return _last_bytes(file.fileno(), count, end)
    except OSError:
        return None


def _last_bytes(descriptor: int, count: int, end: int) -> bytes:
    data, position = b"", end
    while position > 0 and data.count(b"\n") <= count and len(data) < LONGEST:
        size = min(BLOCK, position)
        position -= size
        data = os.pread(descriptor, size, position) + data
    return data


class Follower:
    """Reads what is appended to one file from where it stood when made, through rotation and truncation.

    The file stays open: what was written just before it was renamed is still read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._rest = b""
        self._file = _opened(path)
        self.start = self._file.seek(0, os.SEEK_END) if self._file is not None else 0

    def lines(self) -> list[str]:
        """Return the lines that were completed since the last call."""
        data = self._rest + self._read()
        if self._moved():
            # to its end, and after it was seen to have moved: what was written just before is still in it
            while more := self._read():
                data += more
            self.close()
            self._file = _opened(self.path)
            data += self._read()
        *whole, self._rest = data.split(b"\n")
        return [visible(line.rstrip(b"\r")) for line in whole]

    def close(self) -> None:
        """Let the file go; the follower then waits for a new one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self) -> bytes:
        if self._file is None:
            return b""
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._file.seek(0)
            # the rest of a line that was cut away never comes
            return (b"\n" if self._rest else b"") + self._file.read(LONGEST)
        return self._file.read(LONGEST)

    def _moved(self) -> bool:
        try:
            now = os.stat(self.path)  # noqa: PTH116
        except OSError:
            return False
        return self._file is None or not os.path.samestat(now, os.fstat(self._file.fileno()))


def _opened(path: str) -> BinaryIO | None:
    try:
        return open(path, "rb")  # noqa: PTH123 - kept open on purpose
    except OSError:
        return None
