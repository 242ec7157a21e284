"""Steers new connections within a group of SO_REUSEPORT listeners, by a classic BPF program in the kernel.

The program picks one of the live members at random. A member is named by its index in the kernel's array (order of
listen), which `listeners` keeps. See socket(7), SO_ATTACH_REUSEPORT_CBPF; it needs no privilege.
"""

from __future__ import annotations

import array
import socket
import struct

_ATTACH = 51  # SO_ATTACH_REUSEPORT_CBPF
_DETACH = 68  # SO_DETACH_REUSEPORT_BPF
_LOAD_RANDOM = (0x20, 0, 0, 0xFFFFF000 + 56)  # ld [SKF_AD_OFF + SKF_AD_RANDOM]
_MODULO = 0x94
_SKIP_UNLESS_EQUAL = 0x15
_RETURN = 0x06


def program(members: list[int]) -> list[tuple[int, int, int, int]]:
    """Return the instructions (code, jump if true, jump if false, operand) that choose among `members`."""
    lines = [_LOAD_RANDOM, (_MODULO, 0, 0, len(members))]
    for number, member in enumerate(members):
        lines += [(_SKIP_UNLESS_EQUAL, 0, 1, number), (_RETURN, 0, 0, member)]
    return [*lines, (_RETURN, 0, 0, members[0])]


def steer(listener: socket.socket, members: list[int]) -> None:
    """Send new connections of `listener`'s group to `members` only; OSError when the kernel refuses."""
    lines = program(members)
    code = array.array("B", b"".join(struct.pack("=HBBI", *line) for line in lines))
    # struct sock_fprog; array instead of ctypes, which is half a megabyte in supervisord
    listener.setsockopt(socket.SOL_SOCKET, _ATTACH, struct.pack("@HP", len(lines), code.buffer_info()[0]))


def release(listener: socket.socket) -> None:
    """Let the kernel spread new connections over the whole group by its own hash again."""
    listener.setsockopt(socket.SOL_SOCKET, _DETACH, struct.pack("@i", 0))
