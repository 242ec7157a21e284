"""Steers new connections within a group of SO_REUSEPORT listeners, by a classic BPF program in the kernel.

The program picks one of the live members at random. A member is named by its index in the kernel's array (order of
listen), which `reuseport` keeps. A probe's connection is known by its source port, read from the packet, and goes to
the member it is aimed at. See socket(7), SO_ATTACH_REUSEPORT_CBPF; it needs no privilege.
"""

from __future__ import annotations

import array
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    Line = tuple[int, int, int, int]

_ATTACH = 51  # SO_ATTACH_REUSEPORT_CBPF
_DETACH = 68  # SO_DETACH_REUSEPORT_BPF
_LOAD_RANDOM = (0x20, 0, 0, 0xFFFFF000 + 56)  # ld [SKF_AD_OFF + SKF_AD_RANDOM]
_MODULO = 0x94
_SHIFT_RIGHT = 0x74
_SKIP_UNLESS_EQUAL = 0x15
_RETURN = 0x06

_NETWORK = 0xFFF00000  # SKF_NET_OFF: offsets from the network header
_LOAD_BYTE = 0x30
_LOAD_HALF = 0x28
_IPV6 = 6
_IPV4_BYTES, _IPV6_BYTES = 20, 40
_NOBODY = 0xFFFFFFFF
"""No member: the kernel then goes by its own hash, as without a program."""


def program(members: Sequence[int], aimed: Sequence[tuple[int, int]] = ()) -> list[Line]:
    """Return the instructions (code, jump if true, jump if false, operand) that choose among `members`.

    `aimed`: source ports and the member that each goes to. Without members the kernel's hash chooses.
    """
    lines = _aimed(aimed) if aimed else []
    if not members:
        return [*lines, (_RETURN, 0, 0, _NOBODY)]
    lines += [_LOAD_RANDOM, (_MODULO, 0, 0, len(members))]
    for number, member in enumerate(members):
        lines += [(_SKIP_UNLESS_EQUAL, 0, 1, number), (_RETURN, 0, 0, member)]
    return [*lines, (_RETURN, 0, 0, members[0])]


def steer(listener: socket.socket, members: Sequence[int], aimed: Sequence[tuple[int, int]] = ()) -> None:
    """Send new connections of `listener`'s group where `program` says; OSError when the kernel refuses."""
    lines = program(members, aimed)
    code = array.array("B", b"".join(struct.pack("=HBBI", *line) for line in lines))
    # struct sock_fprog; array instead of ctypes, which is half a megabyte in supervisord
    listener.setsockopt(socket.SOL_SOCKET, _ATTACH, struct.pack("@HP", len(lines), code.buffer_info()[0]))


def release(listener: socket.socket) -> None:
    """Let the kernel spread new connections over the whole group by its own hash again."""
    listener.setsockopt(socket.SOL_SOCKET, _DETACH, struct.pack("@i", 0))


def _aimed(aimed: Sequence[tuple[int, int]]) -> list[Line]:
    """Return the lines that load the source port, which follows the IP header, and return an aimed member."""
    lines = [
        (_LOAD_BYTE, 0, 0, _NETWORK),
        (_SHIFT_RIGHT, 0, 0, 4),
        (_SKIP_UNLESS_EQUAL, 0, 2, _IPV6),
        (_LOAD_HALF, 0, 0, _NETWORK + _IPV6_BYTES),
        (0x05, 0, 0, 1),  # ja: past the load for IPv4
        (_LOAD_HALF, 0, 0, _NETWORK + _IPV4_BYTES),
    ]
    for port, member in aimed:
        lines += [(_SKIP_UNLESS_EQUAL, 0, 1, port), (_RETURN, 0, 0, member)]
    return lines
