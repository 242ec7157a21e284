"""A made-up broker, as far as one consumer needs one: it sends what it is told to and records acknowledgements.

A real one gives a message its packet id again after a reconnect; the standard lets it choose another.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self

from tests.support.tiwater import answers
from tests.support.waiting import wait_until

CONNECT, PUBACK, SUBSCRIBE, PING = 1, 4, 8, 12


class RecordingBroker:
    """On `port` of loopback; `acknowledged` are the packet ids of each connection, in order."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server = socket.create_server(("127.0.0.1", port))
        self._connection: socket.socket | None = None
        self._over = 0
        self.acknowledged: list[list[int]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def send(self, packet: bytes) -> None:
        """Send to the connection that is open now."""
        assert self._connection is not None
        self._connection.sendall(packet)

    def drop(self) -> None:
        """End the connection that is open now."""
        assert self._connection is not None
        self._connection.shutdown(socket.SHUT_RDWR)

    def ended(self, connections: int) -> bool:
        """Tell whether so many connections are over."""
        return self._over >= connections

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        wait_until(lambda: not answers(self._port), 10, "the made-up broker is gone")

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _address = self._server.accept()
                self.acknowledged.append([])
                self._connection = connection
                with connection, contextlib.suppress(OSError):
                    self._serve(connection)
                self._over += 1

    def _serve(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as packets:
            while header := packets.read(2):  # every packet here is shorter than 128 bytes
                body = packets.read(header[1])
                kind = header[0] >> 4
                if kind == CONNECT:
                    connection.sendall(b"\x20\x02\x00\x00")
                elif kind == SUBSCRIBE:
                    connection.sendall(b"\x90\x03" + body[:2] + b"\x01")
                elif kind == PUBACK:
                    self.acknowledged[-1].append(int.from_bytes(body[:2], "big"))
                elif kind == PING:
                    connection.sendall(b"\xd0\x00")


def publication(identifier: int, topic: str, payload: bytes) -> bytes:
    """Return a PUBLISH at QoS 1, shorter than 128 bytes."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + identifier.to_bytes(2, "big") + payload
    return bytes((0x32, len(body))) + body
