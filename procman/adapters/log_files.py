"""Log files: their last lines, and what is appended, through rotation. Control characters are made visible."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

BLOCK = 1 << 16
LONGEST = 1 << 20


def tail(path: str, count: int) -> list[str]:
    """Return the last `count` lines of `path` without their ends; none when there is no such file."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            data = _last_bytes(file.fileno(), count)
    except OSError:
        return []
    return [visible(line) for line in data.splitlines()[-count:]] if count else []


def visible(line: bytes) -> str:
    """Return `line` as text that cannot steer a terminal; tabs and colours (SGR) stay."""
    import re  # noqa: PLC0415

    text = line.decode("utf-8", "replace")
    return re.sub(r"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", text)


def _last_bytes(descriptor: int, count: int) -> bytes:
    end = os.fstat(descriptor).st_size
    data, position = b"", end
    while position > 0 and data.count(b"\n") <= count and len(data) < LONGEST:
        size = min(BLOCK, position)
        position -= size
        data = os.pread(descriptor, size, position) + data
    return data


@dataclass(slots=True)
class Follower:
    """Reads what is appended to one file, from where it stood when made, through rotation and truncation."""

    path: str
    inode: int = 0
    position: int = 0
    rest: bytes = field(default=b"")

    def __post_init__(self) -> None:
        """Start at the end of the file as it is now."""
        try:
            found = os.stat(self.path)  # noqa: PTH116
        except OSError:
            return
        self.inode, self.position = found.st_ino, found.st_size

    def lines(self) -> list[str]:
        """Return the lines that were completed since the last call."""
        try:
            with open(self.path, "rb") as file:  # noqa: PTH123
                found = os.fstat(file.fileno())
                if found.st_ino != self.inode or found.st_size < self.position:
                    self.inode, self.position = found.st_ino, 0
                file.seek(self.position)
                data = file.read(LONGEST)
        except OSError:
            return []
        self.position += len(data)
        *whole, self.rest = (self.rest + data).split(b"\n")
        return [visible(line.rstrip(b"\r")) for line in whole]
