"""What an answer in HTTP comes to, read as it arrives: its status, and a text in its body. What it keeps is bounded."""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD_BYTES = 64 << 10
BODY_BYTES = 64 << 10
_CHUNK_LINE = 256
_STATUS = re.compile(rb"HTTP/1\.[01] +([1-5][0-9]{2})(?: .*)?\r?", re.DOTALL)
_LENGTH = re.compile(rb"[0-9]{1,15}")
_UNKNOWN = 1 << 60
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
_SWITCHING = 101


class Good(NamedTuple):
    """What a good answer is: its status lies in one of these ranges, and its body contains this text."""

    statuses: tuple[tuple[int, int], ...] = ((200, 399),)
    body: bytes | None = None


class Answer:
    """One answer. `said`: in words what came."""

    def __init__(self, good: Good) -> None:
        self.said = "this is no answer in HTTP"
        self._good = good
        self._head = b""
        self._body: _Body | None = None

    def feed(self, part: bytes) -> bool | None:
        """Take what has come, nothing at its end; return whether the answer is good, None while that is open."""
        if self._body is not None:
            return self._searched(self._body, part, over=not part)
        self._head += part
        return self._judged(over=not part)

    def _judged(self, *, over: bool) -> bool | None:
        """Judge the status; behind a good one with a text to find, the body."""
        while self._head or over:
            line, end, _ = self._head.partition(b"\n")
            if not end and not over:
                break
            match = _STATUS.fullmatch(line)
            if match is None:
                return False
            status = int(match[1])
            self.said = f"HTTP {status}"
            interim = status < 200 and status != _SWITCHING  # noqa: PLR2004 - 1xx: the answer follows
            if not interim and not any(low <= status <= high for low, high in self._good.statuses):
                return False
            if not interim and self._good.body is None:
                return True
            head, rest = _parted(self._head)
            if rest is None:
                return False if over else self._open()
            self._head = rest
            if not interim:
                self._body = _Body(head)
                return self._searched(self._body, rest, over=over)
        return self._open()

    def _open(self) -> bool | None:
        return None if len(self._head) < HEAD_BYTES else False

    def _searched(self, body: _Body, part: bytes, *, over: bool) -> bool | None:
        body.take(part)
        wanted = self._good.body or b""
        if wanted in body.text:
            return True
        if not over and not body.over:
            return None
        text = wanted.decode("utf-8", "replace")
        self.said = f"{self.said}, and no '{text}' in {'the first 64 KiB of ' if body.full else ''}its body"
        return False


class _Body:
    """The body behind the headers `head`: by its length, in chunks, or until the connection ends."""

    def __init__(self, head: bytes) -> None:
        fields = [line.partition(b":")[::2] for line in head.lower().splitlines()[1:]]
        known = {name.strip(): value.strip() for name, value in fields}
        length = known.get(b"content-length", b"")
        self.text = b""
        self.over = False
        self._chunked = known.get(b"transfer-encoding", b"").endswith(b"chunked")
        self._left = 0 if self._chunked else int(length) if _LENGTH.fullmatch(length) else _UNKNOWN
        self._raw = b""
        self._skip = 0

    @property
    def full(self) -> bool:
        """Tell whether no more of it is kept."""
        return len(self.text) >= BODY_BYTES

    def take(self, part: bytes) -> None:
        """Take the next part of it; `over` when no more is to come."""
        if self._chunked:
            self._raw += part
            while self._raw and not self.over and not self.full:
                if not self._chunk():
                    break
        else:
            piece = part[: self._left]
            self._keep(piece)
            self._left -= len(piece)
            self.over = not self._left
        self.over = self.over or self.full

    def _chunk(self) -> bool:
        """Go on in `_raw` by a piece; False when more of it is needed."""
        if self._left:
            piece, self._raw = self._raw[: self._left], self._raw[self._left :]
            self._keep(piece)
            self._left -= len(piece)
            self._skip = 0 if self._left else len(b"\r\n")
            return True
        if self._skip:
            gone = min(self._skip, len(self._raw))
            self._raw, self._skip = self._raw[gone:], self._skip - gone
            return True
        line, end, rest = self._raw.partition(b"\n")
        if not end:
            self.over = len(line) > _CHUNK_LINE
            return False
        size = line.partition(b";")[0].strip()
        self._raw, self._left = rest, int(size, 16) if _SIZE.fullmatch(size) else 0
        self.over = not self._left  # the last one, or nonsense
        return True

    def _keep(self, piece: bytes) -> None:
        self.text += piece[: BODY_BYTES - len(self.text)]


def _parted(data: bytes) -> tuple[bytes, bytes | None]:
    """Return the headers and what follows them, None when they are not whole."""
    ends = [(at, at + len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (at := data.find(mark)) >= 0]
    if not ends:
        return data, None
    at, after = min(ends)
    return data[:at], data[after:]
