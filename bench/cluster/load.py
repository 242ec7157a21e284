"""A load client that accounts for every request: sent at its time whatever the server does, and put into one class.

Open loop: request number n is due at n / rate seconds, and its latency counts from then, so a server that stalls is not
spared. Kinds: new (a connection per request), keepalive, slow, upload (1 MB), stream (chunked), websocket.

    python bench/cluster/load.py 127.0.0.1:3000 --kind keepalive --rate 1000 --requests 100000
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import collections
import json
import os
import signal
import struct
import sys
import time
from dataclasses import dataclass, field

MEGABYTE = 1_000_000
TICK = 0.002
EXAMPLES = 20
GOOD, FAULT, SWITCHING = 200, 500, 101
TEXT, BINARY, CLOSE = 1, 2, 8
KINDS = ("new", "keepalive", "slow", "upload", "stream", "websocket")
FAILURES = {
    "refused": "nobody listened",
    "unreachable": "no connection for another reason",
    "reset before": "a new connection ended before the whole request was sent",
    "reset after": "a new connection ended when the request was sent and no answer had begun",
    "stale": "a kept connection ended when the request was sent and no answer had begun",
    "cut": "the answer had begun and is not whole",
    "timeout": "no whole answer in time",
    "5xx": "the server says it failed",
    "wrong": "another status or body than asked for",
    "away": "a WebSocket was closed by the server with a message under way",
}


@dataclass(slots=True)
class Load:
    """What to send. `rate` per second; `requests` at most, or until stopped; `timeout` in seconds.

    `open_first`: all `connections` are open before the first request, and used in turn.
    """

    host: str
    port: int
    kind: str = "keepalive"
    rate: float = 500.0
    requests: int = 1 << 62
    connections: int = 32
    timeout: float = 15.0
    path: str = "/"
    body: int = MEGABYTE
    open_first: bool = False

    def request(self) -> bytes:
        """Return the bytes of one request of this kind."""
        path = {"slow": "/slow", "stream": "/stream"}.get(self.kind, self.path)
        head = f"Host: {self.host}:{self.port}\r\n"
        if self.kind == "websocket":
            return frame(TEXT, b"hello")
        if self.kind == "new":
            head += "Connection: close\r\n"
        if self.kind == "upload":
            head += f"Content-Type: application/octet-stream\r\nContent-Length: {self.body}\r\n"
            return f"POST /upload HTTP/1.1\r\n{head}\r\n".encode() + b"x" * self.body
        return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()


@dataclass(slots=True)
class Tally:
    """What became of the requests. Every one that was sent is in `ok` or in one of `failed`."""

    sent: int = 0
    ok: int = 0
    failed: collections.Counter[str] = field(default_factory=collections.Counter)
    opened: int = 0
    closed_idle: int = 0
    by_pid: collections.Counter[str] = field(default_factory=collections.Counter)
    latencies: list[float] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def lost(self) -> int:
        """Return how many requests failed, whatever the reason."""
        return sum(self.failed.values())

    def percentile(self, share: float) -> float:
        """Return the latency in milliseconds below which this share of the answers came; 0 without one."""
        ordered = sorted(self.latencies)
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 2) if ordered else 0.0

    def document(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "sent": self.sent,
            "ok": self.ok,
            "lost": self.lost,
            "failed": dict(self.failed),
            "opened": self.opened,
            "closed_idle": self.closed_idle,
            "by_pid": dict(self.by_pid.most_common(64)),
            "p50_ms": self.percentile(0.5),
            "p99_ms": self.percentile(0.99),
            "max_ms": self.percentile(1),
            "seconds": round(self.seconds, 2),
            "examples": self.examples[:10],
        }


class Connection(asyncio.Protocol):
    """One connection, with at most one request on it."""

    def __init__(self) -> None:
        """Make it idle."""
        self.transport: asyncio.Transport | None = None
        self.buffer = bytearray()
        self.answer: asyncio.Future[tuple[int, bytes, bool, str]] | None = None
        self.lost = False
        self.uses = 0
        self.websocket = False
        self.pid = ""
        self.unsent = False
        self._told = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("no transport of a stream")
        transport.set_write_buffer_limits(0)  # so that `unsent` is exact
        self.transport = transport

    def pause_writing(self) -> None:
        """Take note that a part of the request is still here."""
        self.unsent = True

    def resume_writing(self) -> None:
        """All of the request is with the kernel."""
        self.unsent = False

    def data_received(self, data: bytes) -> None:
        """Collect, and hand out the answer once it is whole."""
        self.buffer += data
        if self.answer is not None and not self.answer.done():
            found = self._message() if self.websocket else parse(self.buffer)
            if found is not None:
                self.answer.set_result(found)
        elif self.websocket and self.buffer:
            self._message()

    def _message(self) -> tuple[int, bytes, bool, str] | None:
        """Return the next message of a WebSocket as an answer; a close is answered, and ends it."""
        while (found := unframe(self.buffer)) is not None:
            opcode, payload = found
            if opcode == CLOSE:
                self._told = True
                if self.transport is not None:
                    self.transport.write(frame(CLOSE, payload[:2]))
                self._ended()
                return None
            if opcode in (TEXT, BINARY):
                return GOOD, payload, False, self.pid
        return None

    def fate(self, *, fresh: bool) -> str:
        """Return the class of a request that this connection took with it."""
        if self._told:
            return "away"
        if self.buffer:
            return "cut"
        if not fresh:
            return "stale"
        return "reset before" if self.unsent else "reset after"

    def eof_received(self) -> None:
        """The server has closed."""
        self._ended()

    def connection_lost(self, _error: Exception | None) -> None:
        """It is over."""
        self._ended()

    def _ended(self) -> None:
        self.lost = True
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(ConnectionError("ended"))

    def close(self) -> None:
        """End it."""
        if self.transport is not None:
            self.transport.close()


def parse(buffer: bytearray) -> tuple[int, bytes, bool, str] | None:
    """Return status, body, whether the server closes, and its pid, once an answer is whole; takes it from `buffer`."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(buffer[:end]).lower()
    status = int(head[9:12])
    if status == SWITCHING:
        del buffer[: end + 4]
        return status, b"", False, _header(head, b"x-pid").decode()
    close = b"\r\nconnection: close" in head or head.startswith(b"http/1.0")
    pid = _header(head, b"x-pid").decode()
    if b"\r\ntransfer-encoding: chunked" in head:
        body = _chunks(buffer, end + 4)
        if body is None:
            return None
        buffer.clear()
        return status, body, close, pid
    length = int(_header(head, b"content-length") or 0)
    if len(buffer) < end + 4 + length:
        return None
    body = bytes(buffer[end + 4 : end + 4 + length])
    del buffer[: end + 4 + length]
    return status, body, close, pid


def _header(head: bytes, name: bytes) -> bytes:
    at = head.find(b"\r\n" + name + b":")
    return head[at + len(name) + 3 :].split(b"\r\n", 1)[0].strip() if at >= 0 else b""


def _chunks(buffer: bytearray, at: int) -> bytes | None:
    body = b""
    while True:
        line = buffer.find(b"\r\n", at)
        if line < 0:
            return None
        size = int(bytes(buffer[at:line]).split(b";")[0], 16)
        at = line + 2 + size + 2
        if len(buffer) < at:
            return None
        if size == 0:
            return body
        body += bytes(buffer[line + 2 : line + 2 + size])


class Client:
    """Sends one load and tallies it."""

    def __init__(self, load: Load) -> None:
        """Make it ready; `run` sends."""
        self.load = load
        self.tally = Tally()
        self.stopped = False
        self._pool: collections.deque[Connection] = collections.deque()
        self._request = load.request()
        self._began = 0.0

    async def run(self, seconds: float = float("inf")) -> Tally:
        """Send until `seconds` have passed, all requests are sent, or it is stopped; then wait for the answers."""
        if self.load.open_first:
            for _ in range(self.load.connections):
                self._pool.append(await self._opened())
        self._began = time.perf_counter()
        tasks: set[asyncio.Task[None]] = set()
        while not self.stopped and self.tally.sent < self.load.requests:
            now = time.perf_counter() - self._began
            if now >= seconds:
                break
            while self.tally.sent < min(self.load.requests, now * self.load.rate):
                due = self._began + self.tally.sent / self.load.rate
                self.tally.sent += 1
                task = asyncio.ensure_future(self._one(due))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            await asyncio.sleep(TICK)
        if tasks:
            await asyncio.wait(tasks)
        self.tally.seconds = time.perf_counter() - self._began
        for connection in self._pool:
            connection.close()
        return self.tally

    async def _one(self, due: float) -> None:
        """Send one request, and put it into its class."""
        connection: Connection | None = None
        try:
            async with asyncio.timeout(self.load.timeout):
                connection = await self._connection()
                status, body, close, pid = await self._asked(connection)
        except TimeoutError:
            self._fail("timeout", connection)
        except ConnectionRefusedError:
            self._fail("refused", connection)
        except OSError as error:
            self._fail(str(error) if str(error) in FAILURES else "unreachable", connection)
        else:
            self._took(status, body, pid, time.perf_counter() - due)
            if close or self.load.kind == "new" or len(self._pool) >= self.load.connections:
                connection.close()
            else:
                self._pool.append(connection)

    async def _connection(self) -> Connection:
        """Return the connection that has been idle longest, or a new one."""
        while self._pool:
            connection = self._pool.popleft()
            if not connection.lost:
                return connection
            self.tally.closed_idle += 1  # seen before anything was sent on it: nothing is lost
            connection.close()
        return await self._opened()

    async def _opened(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, self.load.host, self.load.port)
        self.tally.opened += 1
        if self.load.kind == "websocket":
            status, _, _, pid = await self._exchange(connection, _handshake(self.load))
            if status != SWITCHING:
                raise OSError("5xx" if status >= FAULT else "wrong")
            connection.websocket, connection.pid = True, pid
        return connection

    async def _asked(self, connection: Connection) -> tuple[int, bytes, bool, str]:
        return await self._exchange(connection, self._request)

    async def _exchange(self, connection: Connection, data: bytes) -> tuple[int, bytes, bool, str]:
        answer = connection.answer = asyncio.get_running_loop().create_future()
        fresh = connection.uses == 0
        connection.uses += 1
        if connection.lost or connection.transport is None:
            raise OSError(connection.fate(fresh=fresh))
        connection.transport.write(data)
        try:
            return await answer
        except ConnectionError:
            raise OSError(connection.fate(fresh=fresh)) from None
        finally:
            connection.answer = None

    def _took(self, status: int, body: bytes, pid: str, seconds: float) -> None:
        if status >= FAULT:
            self._fail("5xx", None)
        elif status != GOOD or not self._whole(body):
            self._fail("wrong", None)
        else:
            self.tally.ok += 1
            self.tally.by_pid[pid] += 1
            self.tally.latencies.append(seconds)

    def _whole(self, body: bytes) -> bool:
        if self.load.kind == "upload":
            return body == str(self.load.body).encode()
        if self.load.kind == "stream":
            return body.endswith(b"end\n")
        return bool(body)

    def _fail(self, name: str, connection: Connection | None) -> None:
        self.tally.failed[name] += 1
        if connection is not None:
            connection.close()
        if len(self.tally.examples) < EXAMPLES:
            at = time.perf_counter() - self._began
            self.tally.examples.append(f"{at:.3f} s: {name}, use {connection.uses if connection else 0}")


def _handshake(load: Load) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    head = f"GET /socket HTTP/1.1\r\nHost: {load.host}:{load.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return f"{head}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a short frame as a client sends it: masked, with a mask that changes nothing."""
    return struct.pack("!BB", 0x80 | opcode, 0x80 | len(payload)) + bytes(4) + payload


def unframe(buffer: bytearray) -> tuple[int, bytes] | None:
    """Take one whole frame of a server from `buffer`: its opcode and payload."""
    if len(buffer) < 2:  # noqa: PLR2004 - a frame's head
        return None
    length, at = buffer[1] & 0x7F, 2
    if length == 126:  # noqa: PLR2004 - two more bytes of length
        if len(buffer) < 4:  # noqa: PLR2004
            return None
        length, at = int.from_bytes(buffer[2:4], "big"), 4
    if len(buffer) < at + length:
        return None
    found = buffer[0] & 0x0F, bytes(buffer[at : at + length])
    del buffer[: at + length]
    return found


def run(load: Load, seconds: float = float("inf")) -> Tally:
    """Send `load` from here until it is over; SIGTERM and SIGINT end the sending."""

    async def main() -> Tally:
        client = Client(load)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, lambda: setattr(client, "stopped", True))
        return await client.run(seconds)

    return asyncio.run(main())


def main() -> int:
    """Send what the command line says and print one line of JSON; 1 when a request was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("address", help="HOST:PORT")
    parser.add_argument("--kind", choices=KINDS, default="keepalive")
    parser.add_argument("--rate", type=float, default=500.0, help="requests per second")
    parser.add_argument("--requests", type=int, default=1 << 62)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--connections", type=int, default=32, help="how many are kept at most")
    parser.add_argument("--timeout", type=float, default=15.0)
    parser.add_argument("--open-first", action="store_true", help="open all connections before the first request")
    given = parser.parse_args()
    host, _, port = given.address.rpartition(":")
    load = Load(host, int(port), given.kind, given.rate, given.requests, given.connections, given.timeout)
    load.open_first = given.open_first
    tally = run(load, given.seconds)
    print(json.dumps(tally.document()))
    return int(tally.lost > 0)


if __name__ == "__main__":
    sys.exit(main())
