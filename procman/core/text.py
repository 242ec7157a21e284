"""Bytes to text: what a manifest file may hold. Refuses with a place what an editor would hide."""

from __future__ import annotations

import re

from procman.core.codes import finding
from procman.core.diagnostics import Finding
from procman.core.source import START, Source, Span
from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read of one manifest: `size` in bytes, and `values`, aliases counted with all they stand for."""

    size: int
    values: int


USUAL = Limits(4 << 20, 100_000)
"""Some 1,500 services of 30 lines. Whatever the bytes, this much is judged within 2 s and 200 MB."""

LARGE = Limits(16 << 20, 1_000_000)
"""What `validate --large` reads: 10 s and 350 MB at most, and no file without end."""

_BREAK = "\r\n|[\n\r\x85\u2028\u2029]"
# YAML 1.2, section 5.1: the printable characters. Compiling the pattern takes 3 ms, so plain text goes past it.
_PLAIN = bytes([*b"\t\n\r", *range(0x20, 0x7F)])
_UNPRINTABLE = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\ufeff"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def decode(data: bytes, name: str, limits: Limits = USUAL) -> Source | Finding:
    """Return `data` as text, a byte order mark left out, or what keeps it from being a manifest."""
    if len(data) > limits.size:
        return _refused(name, START, f"the file is larger than {limits.size >> 20} MiB", "is this the manifest?")
    if not data.translate(None, _PLAIN):
        return Source(name, data.decode("ascii"))
    if data.startswith(_UTF_16) or b"\0" in data[:2]:
        return _refused(name, START, "the file is UTF-16, not UTF-8", "save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig", "replace")
        message = f"byte 0x{data[error.start]:02x} is not UTF-8 text"
        return _refused(name, place(good, len(good)), message, "save the file as UTF-8; it may be Latin-1")
    match = re.search(_UNPRINTABLE, text)
    if match is not None:
        return _refused(name, place(text, match.start()), *_about(match[0]))
    return Source(name, text)


def lines_of(text: str) -> list[str]:
    """Return the lines of `text` without their ends, with lines counted as YAML does."""
    return re.split(_BREAK, text)


def starts_of(text: str) -> list[int]:
    """Return the offset at which each line of `text` begins, with lines counted as YAML does."""
    return [0, *(match.end() for match in re.compile(_BREAK).finditer(text))]


def place(text: str, offset: int) -> Span:
    """Return the place of the character at `offset` of `text`, with lines counted as YAML does."""
    line, start = 1, 0
    for match in re.compile(_BREAK).finditer(text, 0, offset):
        line, start = line + 1, match.end()
    column = offset - start + 1
    return Span(line, column, line, column + 1)


def _about(char: str) -> tuple[str, str]:
    if char == "\0":
        return "the file holds a NUL byte", "is this a text file?"
    if char == "\ufeff":
        return "a byte order mark stands inside the text", "delete this invisible character"
    return f"control character U+{ord(char):04X} in the file", 'delete it, or write it as an escape in "..."'


def _refused(name: str, span: Span, message: str, advice: str) -> Finding:
    return finding("PM001", message, file=name, span=span, help=advice)
