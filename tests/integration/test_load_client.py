"""The load client puts each request into one class: held against servers that fail in a known way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

import pytest

from bench.cluster.load import Client, Load, Tally

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

pytestmark = pytest.mark.slow

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Pid: 7\r\n\r\nyes"


async def _asked(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.close()


async def _answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await _asked(reader)
        writer.write(OK)


async def _resets_unread(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    _reset(writer)


async def _resets_read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _asked(reader)
    _reset(writer)


async def _answers_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _asked(reader)
    writer.write(OK)
    await _asked(reader)
    writer.close()


async def _cuts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _asked(reader)
    writer.write(OK[:-1])
    writer.close()


async def _fails(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _asked(reader)
    writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")


async def _refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _asked(reader)
    writer.write(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")


async def _says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _closes_websocket(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _asked(reader)
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nX-Pid: 7\r\n\r\n")
    await reader.readexactly(11)
    writer.write(b"\x88\x02\x03\xf4")
    await reader.read()


async def _tally(handler: Handler | None, **changes: object) -> Tally:
    tasks: list[asyncio.Task[None] | None] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await (handler or _says_nothing)(reader, writer)
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    if handler is None:
        server.close()
    load = Load("127.0.0.1", port, requests=4, rate=20, timeout=10)
    for name, value in changes.items():
        setattr(load, name, value)
    try:
        return await Client(load).run()
    finally:
        server.close()
        await asyncio.wait_for(asyncio.gather(*(task for task in tasks if task is not None)), 30)


@pytest.mark.parametrize(
    ("handler", "changes", "failed"),
    [
        (_answers, {}, {}),
        (None, {}, {"refused": 4}),
        (_resets_unread, {"kind": "upload", "body": 8_000_000}, {"reset before": 4}),
        (_resets_read, {}, {"reset after": 4}),
        (_answers_once, {"connections": 1, "rate": 4}, {"stale": 2}),
        (_cuts, {}, {"cut": 4}),
        (_fails, {}, {"5xx": 4}),
        (_refuses, {}, {"wrong": 4}),
        (_says_nothing, {"timeout": 0.5}, {"timeout": 4}),
        (_closes_websocket, {"kind": "websocket"}, {"away": 4}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_each_failure_has_its_class(
    handler: Handler | None, changes: dict[str, object], failed: dict[str, int]
) -> None:
    """Four requests against a server that fails in one way are four of that class, and the sum is what was sent."""
    tally = asyncio.run(_tally(handler, **changes))
    assert failed == dict(tally.failed), tally.examples
    assert (tally.sent, tally.ok + tally.lost) == (4, 4)


def test_a_connection_that_was_seen_to_close_is_no_failure() -> None:
    """What a server closes while nothing is under way is counted, and the next request takes a new connection."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _asked(reader)
        writer.write(OK)
        writer.close()

    tally = asyncio.run(_tally(once, connections=1, rate=4))
    assert (tally.lost, tally.closed_idle) == (0, 3)
    assert dict(tally.by_pid) == {"7": 4}
