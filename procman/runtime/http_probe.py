"""One GET to one instance of a shared address, answered by that very instance. Never waits.

The kernel spreads connections over the slots, so the probe's is steered by its source port to the right one; and since
during a replacement two processes accept from one slot, the request is sent only once the other end of the connection
is seen among the descriptors of the right one. What another has accepted is let go, and tried again.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import TYPE_CHECKING

from procman.runtime import acceptor, listening
from procman.runtime.sockets import Address, Where, family_of

if TYPE_CHECKING:
    from procman.runtime.probes import Subject

ATTEMPT_SECONDS = 2.0
_HEAD_BYTES = 64 << 10
_GOOD = range(200, 400)
_UNDER_WAY = (0, errno.EINPROGRESS, errno.EALREADY, errno.EISCONN)


class Http:
    """GET `path` at `place`, None: only connect; `own`: the place has slots that a connection can be steered to."""

    def __init__(self, place: Where, path: str | None, *, own: bool) -> None:
        self._place = place
        self._own = own and isinstance(place, Address)
        host = place if isinstance(place, Address) else "localhost"
        self._path = path
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: procman\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        ).encode("utf-8", "surrogateescape")
        self._socket: socket.socket | None = None
        self._subject: Subject | None = None
        self._until = 0.0
        self._asked = False
        self._heard = b""
        self._missed = False
        self._last = "no answer yet"

    @property
    def awaits(self) -> str:
        """Return what GET came to the last time."""
        return f"{'a connection' if self._path is None else f'GET {self._path}'}: {self._last}"

    @property
    def busy(self) -> bool:
        """Tell whether a request is under way, or is to be made again because another process has taken it."""
        return self._socket is not None or self._missed

    def look(self, subject: Subject) -> bool:
        """Go on with the request; tell whether it was answered with a status of 200 to 399."""
        self._subject = subject
        try:
            return self._go_on(subject)
        except OSError as error:
            self._last = error.strerror or str(error)
            self.end()
            return False

    def end(self) -> None:
        """Let the request go."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            if self._own and self._subject is not None:
                self._subject.aim(self._place, None)

    def _go_on(self, subject: Subject) -> bool:
        if self._socket is None:
            self._socket = self._connected(subject)
        if not self._asked and not self._is_accepted(self._socket, subject):
            return self._over("nobody has accepted the connection")
        if self._path is None:
            self.end()
            return True
        if not self._asked:
            self._asked = True
            self._socket.send(self._request)
        try:
            part = self._socket.recv(_HEAD_BYTES)
        except BlockingIOError:
            return self._over("no answer within 2 s")
        self._heard += part
        if part and b"\r\n" not in self._heard and len(self._heard) < _HEAD_BYTES:
            return False
        words = self._heard.split(None, 2)[:2]
        self.end()
        status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
        self._last = f"HTTP {status}" if status else "this is no answer in HTTP"
        return status in _GOOD

    def _connected(self, subject: Subject) -> socket.socket:
        place = self._place
        sock = socket.socket(family_of(place), socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            if self._own:
                sock.bind(("", 0))
                subject.aim(place, sock.getsockname()[1])
            _checked(sock.connect_ex(place.reachable if isinstance(place, Address) else place.path))
        except OSError:
            sock.close()
            raise
        self._until, self._asked, self._heard = time.monotonic() + ATTEMPT_SECONDS, False, b""
        self._missed = False
        return sock

    def _is_accepted(self, sock: socket.socket, subject: Subject) -> bool:
        """Tell whether the right process has the other end; OSError when another has, or it was refused."""
        _checked(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        inode = acceptor.inode(sock)
        if not inode:
            return False
        if listening.holds(subject.pid, inode) or any(listening.holds(pid, inode) for pid in subject.tree()):
            return True
        self._missed = True
        raise OSError(errno.EAGAIN, self._last)

    def _over(self, words: str) -> bool:
        if time.monotonic() > self._until:
            self._last = words
            self.end()
        return False


def _checked(code: int) -> None:
    if code not in _UNDER_WAY:
        raise OSError(code, os.strerror(code))
