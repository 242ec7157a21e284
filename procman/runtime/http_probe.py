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

from procman.runtime import acceptor, listening, proc
from procman.runtime.http_answer import Answer, Good
from procman.runtime.sockets import Address, Where, family_of

if TYPE_CHECKING:
    from procman.runtime.probe import Subject

_PART_BYTES = 64 << 10
_PARTS = 4
_GLANCES = 16
"""A server that hangs up at once has the connection for less than a millisecond: so often we look for it meanwhile."""
_STRANGER = "another process accepts there"
_UNDER_WAY = (0, errno.EINPROGRESS, errno.EALREADY, errno.EISCONN)


class Http:
    """GET `path` at `place`, None: only connect; `own`: the place has slots that a connection can be steered to.

    `good`: what answers are; `within`: the seconds for one.
    """

    asks = True
    dear = False

    def __init__(self, place: Where, path: str | None, good: Good, within: float, *, own: bool) -> None:
        self.no = False
        self._good = good
        self._within = within
        self._answer = Answer(good)
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
        """Go on with the request; tell whether its answer is good."""
        self._subject = subject
        self.no = False
        try:
            return self._go_on(subject)
        except OSError as error:
            self._last = error.strerror or str(error)
            self.end()
            return False

    def begin(self, subject: Subject) -> None:
        """Need nothing before it is asked."""

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
            if self._path is not None or not _is_over(self._socket):
                return self._over("nobody has accepted the connection")
            self._check_owner(subject)
        if self._path is None:
            self.end()
            return True
        if not self._asked:
            self._asked = True
            self._socket.send(self._request)
        verdict = self._heard(self._socket)
        if verdict is None:
            return self._over(f"no answer within {self._within:g} s")
        self.end()
        self._last = self._answer.said
        self.no = not verdict
        return verdict

    def _heard(self, sock: socket.socket) -> bool | None:
        """Return what the answer comes to, None while that is open."""
        verdict = None
        for _ in range(_PARTS):
            try:
                part = sock.recv(_PART_BYTES)
            except BlockingIOError:
                break
            verdict = self._answer.feed(part)
            if verdict is not None or not part:
                break
        return verdict

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
        self._until, self._asked = time.monotonic() + self._within, False
        self._answer = Answer(self._good)
        self._missed = False
        return sock

    def _is_accepted(self, sock: socket.socket, subject: Subject) -> bool:
        """Tell whether the right process has the other end; OSError when another has, or it was refused."""
        _checked(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        inode = next(filter(None, (acceptor.inode(sock) for _ in range(_GLANCES if self._path is None else 1))), 0)
        if not inode:
            return False
        if listening.holds(subject.pid, inode) or any(listening.holds(pid, inode) for pid in subject.tree()):
            return True
        self._missed = self._own
        raise OSError(errno.EAGAIN, self._last if self._own else _STRANGER)

    def _check_owner(self, subject: Subject) -> None:
        """Raise when somebody else may have accepted the connection, which is closed already: some servers hang up."""
        if self._own or not isinstance(self._place, Address):
            ours = subject.alone()
        else:
            tree, inodes = subject.tree(), proc.listening_inodes(self._place.port)
            ours = any(listening.holds(pid, inode) for inode in inodes for pid in tree)
        if not ours:
            self._missed = self._own
            raise OSError(errno.EAGAIN, self._last if self._own else _STRANGER)

    def _over(self, words: str) -> bool:
        if time.monotonic() > self._until:
            self._last = words
            self.end()
        return False


def _is_over(sock: socket.socket) -> bool:
    """Tell whether the other end has closed: without being accepted it cannot."""
    try:
        return not sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False


def _checked(code: int) -> None:
    if code not in _UNDER_WAY:
        raise OSError(code, os.strerror(code))
