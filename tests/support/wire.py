"""A wire between a consumer and its broker that can hold what the consumer says, and be cut.

Held, it lets messages through and keeps acknowledgements back: the moment between commit and acknowledgement, which
is short, becomes as long as a test needs it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self

CHUNK = 65536


class Wire:
    """Listens on `port` of loopback and passes every connection on to `broker`, another port there."""

    def __init__(self, broker: int) -> None:
        self._broker = broker
        self._changed = threading.Condition()
        self._held = False
        self._cuts = 0
        self._ends: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        """Keep back what consumers say from now on."""
        with self._changed:
            self._held = True

    def release(self) -> None:
        """Pass on what was held, and hold no more."""
        with self._changed:
            self._held = False
            self._changed.notify_all()

    def cut(self) -> None:
        """End every connection, with all that was held, and hold no more."""
        with self._changed:
            self._cuts += 1
            self._held = False
            ends, self._ends = self._ends, []
            self._changed.notify_all()
        for end in ends:
            _end(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        _end(self._server)
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                consumer, _address = self._server.accept()
                try:
                    broker = socket.create_connection(("127.0.0.1", self._broker), timeout=10)
                except OSError:
                    consumer.close()
                    continue
                for end in (consumer, broker):
                    end.settimeout(None)
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._changed:
                    self._ends += [consumer, broker]
                    cuts = self._cuts
                for source, target, said in ((consumer, broker, True), (broker, consumer, False)):
                    threading.Thread(target=self._pass, args=(source, target, cuts, said), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, cuts: int, said: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if said and not self._may_pass(cuts):
                    break
                target.sendall(data)
        for end in (source, target):
            _end(end)

    def _may_pass(self, cuts: int) -> bool:
        """Wait while it is held; tell whether it was not cut meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: not self._held or self._cuts != cuts)
            return self._cuts == cuts


def _end(end: socket.socket) -> None:
    """Wake whoever reads from it, too, which a close alone does not."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
