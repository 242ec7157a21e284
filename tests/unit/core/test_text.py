"""Bytes to text: what may be a manifest, and the place of what may not."""

import pytest

from procman.core.diagnostics import Finding
from procman.core.source import Source
from procman.core.text import USUAL, decode


@pytest.mark.parametrize("data", [b"a: \xc3\xa9\n", b"\xef\xbb\xbfa: \xc3\xa9\n"])
def test_utf_8_is_read_with_and_without_a_byte_order_mark(data: bytes) -> None:
    """The mark is no part of the text."""
    assert decode(data, "m") == Source("m", "a: é\n")


@pytest.mark.parametrize(
    ("data", "said", "place"),
    [
        ("a: 1".encode("utf-16"), "the file is UTF-16, not UTF-8", (1, 1)),
        ("a: 1".encode("utf-16-le"), "the file is UTF-16, not UTF-8", (1, 1)),
        (b"a: 1\nb: \xc3\xa9\xe9", "byte 0xe9 is not UTF-8 text", (2, 5)),
        (b"a: 1\n\0", "the file holds a NUL byte", (2, 1)),
        (b"a: 1\r\nb: \x1b[31m", "control character U+001B in the file", (2, 4)),
        (b"a: \xef\xbb\xbf", "a byte order mark stands inside the text", (1, 4)),
        (b"x" * (USUAL.size + 1), "the file is larger than 4 MiB", (1, 1)),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(data: bytes, said: str, place: tuple[int, int]) -> None:
    """Other encodings, NUL and control characters are one finding that says where."""
    finding = decode(data, "m")
    assert isinstance(finding, Finding)
    assert (said, place) == (finding.message, (finding.span.line, finding.span.column))
