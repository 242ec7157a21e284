"""Clients that ask without a pause, each request on a connection of its own, and count what became of each."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from types import TracebackType
from typing import Any, Self

from tests.support.waiting import wait_until

PATIENCE = 30.0


class Load:
    """Asks GET / of 127.0.0.1:`port` from some threads while the block runs; `pids` counts who answered."""

    def __init__(self, port: int, clients: int = 4) -> None:
        self.port = port
        self.answered = 0
        self.failures: Counter[str] = Counter()
        self.pids: Counter[int] = Counter()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        wait_until(lambda: self.answered > 0, PATIENCE, "the first request is answered")
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(2 * PATIENCE)

    def more(self, count: int = 50) -> None:
        """Wait until so many more requests are answered."""
        goal = self.answered + count
        wait_until(lambda: self.answered >= goal, PATIENCE, f"{count} more requests are answered")

    def _ask(self) -> None:
        while not self._over.is_set():
            try:
                answer = get(self.port)
            except (OSError, ValueError) as error:
                with self._lock:
                    self.failures[type(error).__name__] += 1
            else:
                with self._lock:
                    self.answered += 1
                    self.pids[answer["pid"]] += 1


def get(port: int, path: str = "/") -> dict[str, Any]:
    """Return what one request is answered; OSError or ValueError when it is not."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as sock:
        sock.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        data = b""
        while part := sock.recv(65536):
            data += part
    body: dict[str, Any] = json.loads(data.partition(b"\r\n\r\n")[2])
    return body
