"""The socket that services tell sd_notify(3) messages to, and who has said READY=1. Decides nothing.

One abstract socket: a service with a `user` of its own cannot reach into the state directory. Who speaks is not taken
from the message but from the kernel, and counts only when it is of the tree of a process that was started here.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from typing import TYPE_CHECKING

from procman.runtime import loop, proc

if TYPE_CHECKING:
    from procman.runtime.border import Around

_MESSAGES = 64
_MESSAGE_BYTES = 4096
_CREDENTIALS = struct.Struct("=iii")


class Notices:
    """`name` is what NOTIFY_SOCKET says. Opened when first needed, and never closed."""

    def __init__(self, least: int, around: Around) -> None:
        self._least = least
        self._around = around
        self._socket: socket.socket | None = None
        self._watch: loop.Watch | None = None
        self._ready: set[int] = set()
        self._alive: dict[int, float] = {}

    @property
    def name(self) -> str:
        """Return the name of the socket: ``@procman-notify-PID-STARTTIME``."""
        return f"@procman-notify-{os.getpid()}-{proc.start_ticks(os.getpid())}"

    def open(self) -> None:
        """Listen, unless that is so already."""
        if self._socket is None:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            sock = socket.socket(fileno=loop.high(sock.detach(), self._least))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            sock.bind("\0" + self.name[1:])
            self._socket = sock
            self._watch = loop.Watch(sock.fileno(), self._around("a notification", self._hear))

    def said_ready(self, pid: int) -> bool:
        """Tell whether `pid`, a child of this process, has said READY=1, or a descendant of it has."""
        return pid in self._ready

    def said_alive(self, pid: int, within: float) -> bool:
        """Tell whether `pid`, or a descendant of it, has said WATCHDOG=1 in the last `within` seconds."""
        return time.monotonic() - self._alive.get(pid, -within) < within

    def forget(self, pid: int) -> None:
        """Forget what `pid` has said: it has ended, and another may get its number."""
        self._ready.discard(pid)
        self._alive.pop(pid, None)

    def _hear(self) -> None:
        for _ in range(_MESSAGES):
            if self._socket is None:
                return
            try:
                data, extra, _, _ = self._socket.recvmsg(
                    _MESSAGE_BYTES, socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(16 * 4)
                )
            except BlockingIOError:
                return
            self._take(data, extra)

    def _take(self, data: bytes, extra: list[tuple[int, int, bytes]]) -> None:
        pid = 0
        for level, kind, value in extra:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):  # FDSTORE and the like: not kept
                for (descriptor,) in struct.iter_unpack("=i", value[: len(value) // 4 * 4]):
                    os.close(descriptor)
            elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                pid = _CREDENTIALS.unpack(value[: _CREDENTIALS.size])[0]
        said = data.split(b"\n")
        child = _child_above(pid) if b"READY=1" in said or b"WATCHDOG=1" in said else None
        if child is not None and b"READY=1" in said:
            self._ready.add(child)
        if child is not None and b"WATCHDOG=1" in said:
            self._alive[child] = time.monotonic()


def _child_above(pid: int) -> int | None:
    """Return the child of this process that `pid` is or descends from, or None."""
    seen: set[int] = set()
    while pid and pid not in seen:
        seen.add(pid)
        parent = proc.parent(pid)
        if parent == os.getpid():
            return pid
        pid = parent or 0
    return None
