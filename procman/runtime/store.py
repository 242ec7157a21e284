"""The unix socket on which launchers ask: accepting, knowing who asks, sending the answer. No message's meaning.

SOCK_SEQPACKET keeps each message whole, so nothing is buffered; every socket is non-blocking and on the poll loop,
so a client that says nothing costs a descriptor and no more.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from typing import TYPE_CHECKING, NamedTuple

from procman.runtime import loop, proc, procfs

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.border import Around

PREFIX = "store."

_MESSAGE_BYTES = 8192
_ACCEPTS = 64
_CLIENTS = 512
_OF_ONE = 8
"""Connections that are kept open, of all children and of one; the oldest of more are closed. A launcher needs one."""


class Answer(NamedTuple):
    """What a launcher is told, and the descriptors it is handed."""

    text: str
    fds: tuple[int, ...] = ()


class Store:
    """Listens at ``STATE/store.PID`` and passes each message to `answer` with the pid of who sent it.

    `around` makes a callback that cannot raise into the loop. `answer` returns None to say nothing and hang up.
    """

    def __init__(
        self,
        state: str,
        least: int,
        answer: Callable[[int, list[str]], Answer | None],
        around: Around,
    ) -> None:
        self.path = os.path.join(state, f"{PREFIX}{os.getpid()}")
        self.answer = answer
        self._around = around
        self._least = least
        self._clients: dict[socket.socket, loop.Watch] = {}
        self._pids: dict[socket.socket, int] = {}
        self._asking: dict[socket.socket, None] = {}
        self._socket = self._listening()
        self._watch = loop.Watch(self._socket.fileno(), around("the store", self._accept))

    def serve(self) -> None:
        """Answer whoever asks now, without waiting: between two forks of many, which else outrun their answers."""
        self._watch.handle_read_event()
        for client in tuple(self._asking):
            self._clients[client].handle_read_event()

    def remove(self, pid: int) -> None:
        """Remove the socket's name, when this is still process `pid` and not a child of it."""
        if os.getpid() == pid:
            _unlink(self.path)

    def _listening(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        sock = socket.socket(fileno=loop.high(sock.detach(), self._least))
        _unlink(self.path)
        mask = os.umask(0o177)
        try:
            sock.bind(self.path)
        finally:
            os.umask(mask)
        sock.listen(socket.SOMAXCONN)  # as many as the kernel lets: a thousand may start at once
        return sock

    def _accept(self) -> None:
        for _ in range(_ACCEPTS):
            try:
                client, _address = self._socket.accept()
            except BlockingIOError:
                return
            client = socket.socket(fileno=loop.high(client.detach(), self._least))
            client.settimeout(0)
            pid = _child(client)
            if pid is None:
                client.close()
            else:
                self._welcome(client, pid)

    def _welcome(self, client: socket.socket, pid: int) -> None:
        def heard() -> None:
            self._hear(client, pid)

        self._clients[client] = loop.Watch(client.fileno(), self._around("a launcher's message", heard))
        self._pids[client], self._asking[client] = pid, None
        self._close_oldest([other for other, its in self._pids.items() if its == pid], _OF_ONE)
        self._close_oldest(list(self._clients), _CLIENTS)
        self._clients[client].handle_read_event()  # in most cases the message is here already

    def _hear(self, client: socket.socket, pid: int) -> None:
        stays = False
        try:
            data = client.recv(_MESSAGE_BYTES)
            answer = self.answer(pid, data.decode("utf-8", "surrogateescape").split("\0")) if data else None
            if answer is not None:
                _send(client, answer)
                stays = True
                self._asking.pop(client, None)
        except BlockingIOError:
            stays = True  # it has said nothing yet
        except OSError:
            pass  # it has gone
        finally:
            if not stays:  # whatever `answer` may have raised, the launcher does not wait for ever
                self._hang_up(client)

    def _close_oldest(self, clients: list[socket.socket], most: int) -> None:
        for client in clients[: max(0, len(clients) - most)]:
            self._hang_up(client)

    def _hang_up(self, client: socket.socket) -> None:
        for known in (self._pids, self._asking):
            known.pop(client, None)
        watch = self._clients.pop(client, None)
        if watch is not None:
            watch.end()
        client.close()


def sweep(state: str) -> None:
    """Remove the sockets of supervisords that are dead, zombies included. Only the owner of the state directory may."""
    for name in os.listdir(state):
        pid = name.removeprefix(PREFIX)
        if name != pid and pid.isdigit() and procfs.identity(int(pid)) is None:
            _unlink(os.path.join(state, name))


def _child(client: socket.socket) -> int | None:
    """Return the pid of the peer when it is a child of this process and runs as this user or root."""
    size = struct.calcsize("=iii")
    credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    pid, uid, _gid = struct.unpack("=iii", credentials)
    return pid if uid in (os.getuid(), 0) and proc.parent(pid) == os.getpid() else None


def _send(client: socket.socket, answer: Answer) -> None:
    text = answer.text.encode("utf-8", "surrogateescape")
    if not answer.fds:
        client.send(text)
    else:
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"@{len(answer.fds)}i", *answer.fds))
        client.sendmsg([text], [rights])


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
