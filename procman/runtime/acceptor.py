"""Who took a connection that this process made to a service of this host: the inode of the other end.

Asked of the kernel by sock_diag(7), one exact look-up without privilege; /proc/net/tcp is read where that is missing.
Nothing here waits.
"""

from __future__ import annotations

import os
import socket
import struct

_SOCK_DIAG = 4
_BY_FAMILY = 20
_REQUEST = 1
_HEAD = 16
_NO_COOKIE = 0xFFFFFFFF
_ALL_STATES = 0xFFFFFFFF
_ANSWER_BYTES = 4096
_INODE = 68
"""Where struct inet_diag_msg has the inode."""
_SHOW_PEER = 4
_PEER = 2
_UNIX_BYTES = 16
_ATTRIBUTE = 4
"""struct unix_diag_msg, and what follows it: the inode of the other end is attribute _PEER."""
_LOCAL, _REMOTE, _TABLE_INODE = 1, 2, 9


def inode(connection: socket.socket) -> int:
    """Return the inode of the other end of `connection`: 0 when nobody has accepted it yet."""
    if connection.family == socket.AF_UNIX:
        return _asked_unix(connection)
    try:
        return _asked(connection)
    except OSError:
        return _listed(connection)


def _asked(connection: socket.socket) -> int:
    family = connection.family
    ours, theirs = connection.getsockname(), connection.getpeername()
    ends = struct.pack("!HH", theirs[1], ours[1]) + _octets(family, theirs[0]) + _octets(family, ours[0])
    body = struct.pack("=BBBxI", family, socket.IPPROTO_TCP, 0, _ALL_STATES) + ends
    body += struct.pack("=III", 0, _NO_COOKIE, _NO_COOKIE)
    return int(struct.unpack_from("=I", _answer(body), _HEAD + _INODE)[0])


def _asked_unix(connection: socket.socket) -> int:
    own = os.fstat(connection.fileno()).st_ino
    body = struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, _ALL_STATES, own, _SHOW_PEER, _NO_COOKIE, _NO_COOKIE)
    answer = _answer(body)
    at = _HEAD + _UNIX_BYTES
    while at + _ATTRIBUTE <= len(answer):
        size, kind = struct.unpack_from("=HH", answer, at)
        if kind == _PEER and size >= 2 * _ATTRIBUTE:
            return int(struct.unpack_from("=I", answer, at + _ATTRIBUTE)[0])
        at += max(_ATTRIBUTE, (size + 3) // 4 * 4)
    return 0


def _answer(body: bytes) -> bytes:
    head = struct.pack("=IHHII", _HEAD + len(body), _BY_FAMILY, _REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, _SOCK_DIAG) as diag:
        diag.send(head + body)
        answer = diag.recv(_ANSWER_BYTES)
    if struct.unpack_from("=H", answer, 4)[0] != _BY_FAMILY:
        raise OSError("sock_diag does not know")
    return answer


def _octets(family: int, host: str) -> bytes:
    return socket.inet_pton(family, host.partition("%")[0]).ljust(16, b"\0")


def _listed(connection: socket.socket) -> int:
    ends = (connection.getpeername(), connection.getsockname())
    wanted = [_row_form(connection.family, end[0], end[1]) for end in ends]
    table = "tcp6" if connection.family == socket.AF_INET6 else "tcp"
    try:
        with open(f"/proc/net/{table}", "rb") as file:
            rows = (line.split() for line in file.readlines()[1:])
            return next((int(r[_TABLE_INODE]) for r in rows if r[_LOCAL : _REMOTE + 1] == wanted), 0)
    except OSError:
        return 0


def _row_form(family: int, host: str, port: int) -> bytes:
    packed = socket.inet_pton(family, host.partition("%")[0])
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return ("".join(f"{word:08X}" for word in words) + f":{port:04X}").encode()
