"""What an answer in HTTP comes to, however it arrives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from procman.runtime.http_answer import BODY_BYTES, HEAD_BYTES, Answer, Good

OK = b"HTTP/1.1 200 OK\r\n"
ANY = Good()
FINE = Good(body=b"fine")
NOT_HTTP = "this is no answer in HTTP"
WITHOUT = "HTTP 200, and no 'fine' in its body"


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """Cut `data` into pieces of `size`."""
    return (data[at : at + size] for at in range(0, len(data), size))


def judged(data: bytes, good: Good, size: int) -> tuple[bool | None, str]:
    """What `data` comes to in pieces of `size`, with its end behind it."""
    answer = Answer(good)
    for piece in (*pieces(data, size), b""):
        verdict = answer.feed(piece)
        if verdict is not None:
            return verdict, answer.said
    return None, answer.said


def chunked(*parts: bytes) -> bytes:
    """An answer in chunks."""
    framed = b"".join(b"%x;x=y\r\n%b\r\n" % (len(part), part) for part in parts)
    return OK + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 20])
@pytest.mark.parametrize(
    ("data", "good", "verdict", "said"),
    [
        (OK + b"\r\n", ANY, True, "HTTP 200"),
        (b"HTTP/1.0 204\n\n", ANY, True, "HTTP 204"),
        (b"HTTP/1.1 399 ", ANY, True, "HTTP 399"),
        (b"HTTP/1.1 400 Bad\r\n\r\n", ANY, False, "HTTP 400"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", ANY, False, "HTTP 101"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK, ANY, True, "HTTP 200"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\n", ANY, False, "HTTP 503"),
        (b"HTTP/1.1 100 Continue\r\n", ANY, False, "HTTP 100"),
        (b"HTTP/1.1 301 Moved\r\n\r\n", Good(((200, 204), (300, 300))), False, "HTTP 301"),
        (b"HTTP/1.1 204 No\r\n\r\n", Good(((200, 204), (300, 300))), True, "HTTP 204"),
        (b"HTTP/1.1 300 Many\r\n\r\n", Good(((200, 204), (300, 300))), True, "HTTP 300"),
        *(
            (line + b"\r\n\r\nfine", FINE, False, NOT_HTTP)
            for line in (
                *(b"", b"fine", b"200 OK", b"HTTP/1.1", b"HTTP/1.1 ", b"HTTP/1.1 -200 OK", b"HTTP/1.1 2000 OK"),
                *(b"HTTP/1.1 200OK", b"HTTP/1.1 20", b"HTTP/1.1 +200", b"HTTP/1.1 0200", b"HTTP/1.1 999"),
                *(b"HTTP/2 200", b"HTTP/1.10 200", b"ICY 200 OK", b"\0HTTP/1.1 200 OK", "HTTP/1.1 ²00".encode()),
                *(b"SSH-2.0-OpenSSH_9.2", b"HTTP/1.1 " + b"9" * 5000, b"HTTP/1.1 200\r OK".replace(b"\r", b"\t")),
            )
        ),
        (OK + b"\r\nall is fine", FINE, True, "HTTP 200"),
        (OK + b"X: fine\r\n\r\nbad", FINE, False, WITHOUT),
        (OK + b"Content-Length: 3\r\n\r\nbadfine", FINE, False, WITHOUT),
        (OK + b"content-length:  4 \r\n\r\nfine", FINE, True, "HTTP 200"),
        (OK + b"Content-Length: 0\r\n\r\nfine", FINE, False, WITHOUT),
        (OK + b"Content-Length: -1\r\n\r\nfine", FINE, True, "HTTP 200"),
        (OK + b"Content-Length: " + b"9" * 400 + b"\r\n\r\nfine", FINE, True, "HTTP 200"),
        (OK + b"Content-Length: 400\r\n\r\nfin", FINE, False, WITHOUT),
        (b"HTTP/1.1 500 X\r\n\r\nfine", FINE, False, "HTTP 500"),
        (OK + b"no end", FINE, False, "HTTP 200"),
        (chunked(b"all is f", b"in", b"e"), FINE, True, "HTTP 200"),
        (chunked(b"all is f", b"i", b"e"), FINE, False, WITHOUT),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\nzz\r\nfine\r\n", FINE, False, WITHOUT),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n-4\r\nfine\r\n", FINE, False, WITHOUT),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"4" * 400 + b"fine", FINE, False, WITHOUT),
        (OK + b"\r\n" + "zufrieden: glücklich".encode(), Good(body="glück".encode()), True, "HTTP 200"),
        (OK + b"\r\n\xff\xfe", Good(body="glück".encode()), False, "HTTP 200, and no 'glück' in its body"),
    ],
)
def test_verdict_is_the_same_in_whatever_pieces(data: bytes, good: Good, verdict: bool, said: str, size: int) -> None:
    """Status, headers, chunks and the text itself may be cut anywhere."""
    assert judged(data, good, size) == (verdict, said)


def endless(head: bytes, piece: bytes) -> Iterator[bytes]:
    """An answer that does not end."""
    yield head
    while True:
        yield piece


@pytest.mark.parametrize(
    ("head", "piece", "said"),
    [
        (OK + b"\r\n", b"x" * 1000, "HTTP 200, and no 'fine' in the first 64 KiB of its body"),
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n",
            b"10\r\n" + b"x" * 16 + b"\r\n",
            "HTTP 200, and no 'fine' in the first 64 KiB of its body",
        ),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", b"x" * 1000, None),
        (OK, b"X: y\r\n", "HTTP 200"),
        (b"HTTP/1.1 200 ", b"O" * 1000, NOT_HTTP),
        (b"", b"x" * 1000, NOT_HTTP),
    ],
)
def test_what_does_not_end_is_given_up(head: bytes, piece: bytes, said: str | None) -> None:
    """After 64 KiB of head or of body there is a verdict."""
    answer = Answer(FINE)
    fed = 0
    for part in endless(head, piece):
        fed += len(part)
        verdict = answer.feed(part)
        if verdict is not None:
            break
        assert fed < 2 * (HEAD_BYTES + BODY_BYTES)
    assert verdict is False
    assert answer.said == (said or "HTTP 200, and no 'fine' in the first 64 KiB of its body")


def test_text_is_found_before_the_end() -> None:
    """An endless answer is good as soon as the text has come."""
    answer = Answer(FINE)
    assert answer.feed(OK + b"\r\n" + b"x" * 60000 + b"fi") is None
    assert answer.feed(b"ne, and so on") is True
