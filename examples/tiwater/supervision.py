"""What is told to whoever supervises: ready, alive, stopping. The protocol of sd_notify, without a library.

Where NOTIFY_SOCKET is not set, or nobody listens there, nothing happens.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping

ALIVE_EVERY_SECONDS = 1.0


class Supervision:
    """The socket named in the environment, if any."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._ready = False
        self._alive_at = 0.0

    def ready(self) -> None:
        """Messages are being taken. Told once."""
        if not self._ready:
            self._ready = True
            self._tell("READY=1")

    def alive(self) -> None:
        """The loop turns. Say it at each turn: it is told once a second."""
        if time.monotonic() >= self._alive_at:
            self._alive_at = time.monotonic() + ALIVE_EVERY_SECONDS
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """No more messages are taken."""
        self._tell("STOPPING=1")

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        # A supervisor that is away or slow must not hold up the consumer.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
            door.settimeout(0)
            door.sendto(os.fsencode(state), os.fsencode(address))
