"""The eBPF program that `round_robin` loads, and the layout of the table that it reads. Bytes only, no system calls.

Instructions are of 8 bytes: operation, registers, jump or offset, operand. See the kernel's
Documentation/bpf/standardization/instruction-set.rst and, for the context, struct sk_reuseport_md in linux/bpf.h.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MEMBERS = 255
"""A byte holds the number of each: the verifier wants a bound, and an AND is one."""
AIMS = 16

COUNTER_BYTES = 8
_ACTIVE_BYTES = 4
_HALF_BYTES = 4 * (1 + MEMBERS + 2 * AIMS)
TABLE_BYTES = _ACTIVE_BYTES + 2 * _HALF_BYTES
"""Which half is in use; then twice: how many members, the members, and pairs of an aimed port and its member."""

_LOAD_64, _LOAD_32, _LOAD_16, _LOAD_8 = 0x79, 0x61, 0x69, 0x71
_STORE_32, _ADD_AND_FETCH = 0x63, 0xDB
_MOVE, _MOVE_NUMBER = 0xBF, 0xB7
_ADD, _ADD_NUMBER, _MULTIPLY_NUMBER, _MODULO, _AND_NUMBER, _SHIFT_LEFT_NUMBER = 0x0F, 0x07, 0x27, 0x9F, 0x57, 0x67
_BIG_ENDIAN = 0xDC
_JUMP, _IF_EQUAL_NUMBER, _UNLESS_EQUAL, _IF_GREATER, _IF_SET = 0x05, 0x15, 0x5D, 0x2D, 0x45
_CALL, _END = 0x85, 0x95
_SELECT_REUSEPORT = 82
_STACK = 10
_FLAGS, _SYN = 13, 0x02
"""Where a TCP header has its flags."""
_HASH = 32
"""Where the context has the kernel's hash of the addresses."""

_FIRST_AIM = _ACTIVE_BYTES + 4 * (1 + MEMBERS)

Item = bytes | str | tuple[int, int, int, int, str]
"""An instruction, the name of the place that follows, or a jump: operation, two registers, operand, where to."""


def half(members: Sequence[int], aims: Sequence[tuple[int, int]]) -> bytes:
    """Return one half of the table; `aims`: source ports and the member that each is for."""
    some = struct.pack(f"={1 + len(members)}I", len(members), *members).ljust(4 * (1 + MEMBERS), b"\0")
    return some + struct.pack(f"={2 * len(aims)}I", *(part for aim in aims for part in aim)).ljust(8 * AIMS, b"\0")


def table(active: int, halves: Sequence[bytes]) -> bytes:
    """Return the table whose half `active` (0 or 1) is in use."""
    return struct.pack("=I", active) + b"".join(halves)


def program(counter: int, listed: int, sockets: int) -> bytes:
    """Return the instructions, for the descriptors of three maps: the counter, the table, and the sockets by slot.

    A connection from an aimed port goes to its member. Any other counts one on, and goes to the member at the old count
    modulo how many there are. What is no SYN, and has no connection yet, counts nothing and goes by the kernel's hash:
    the answer to a SYN cookie, whose SYN was counted.
    """
    return _resolved([*_head(listed), *_aims(), "turn", *_turn(counter), "select", *_select(sockets)])


def _head(listed: int) -> list[Item]:
    """Leave the context in r6, source port and flags in r7 and r8, in r9 the half in use, less `_ACTIVE_BYTES`."""
    return [
        _line(_MOVE, 6, 1),
        _line(_LOAD_64, 7, 6, 0),  # the TCP header
        _line(_LOAD_64, 8, 6, 8),  # the end of what may be read of it
        *_address(9, listed, value=True),
        _line(_LOAD_32, 2, 9),
        _line(_AND_NUMBER, 2, imm=1),
        _line(_MULTIPLY_NUMBER, 2, imm=_HALF_BYTES),
        _line(_ADD, 9, 2),
        _line(_MOVE, 1, 7),
        _line(_ADD_NUMBER, 1, imm=_FLAGS + 1),
        (_IF_GREATER, 1, 8, 0, "count"),  # there is no header: it is what a closed listener had
        _line(_LOAD_8, 8, 7, _FLAGS),
        _line(_LOAD_16, 7, 7),
        _line(_BIG_ENDIAN, 7, imm=16),
    ]


def _aims() -> list[Item]:
    """Go to "select" with the member of an aimed port in r1, and to "turn" from any other."""
    items: list[Item] = []
    for place in range(_FIRST_AIM, _FIRST_AIM + 8 * AIMS, 8):
        items += [
            _line(_LOAD_32, 1, 9, place),
            (_IF_EQUAL_NUMBER, 1, 0, 0, "turn"),  # the aims end here
            (_UNLESS_EQUAL, 1, 7, 0, f"after {place}"),
            _line(_LOAD_32, 1, 9, place + 4),
            (_JUMP, 0, 0, 0, "select"),
            f"after {place}",
        ]
    return items


def _turn(counter: int) -> list[Item]:
    """Leave in r1 the member whose turn it is."""
    return [
        _line(_LOAD_32, 1, 6, _HASH),
        (_IF_SET, 8, 0, _SYN, "count"),
        (_JUMP, 0, 0, 0, "place"),
        "count",
        *_address(3, counter, value=True),
        _line(_MOVE_NUMBER, 1, imm=1),
        _line(_ADD_AND_FETCH, 3, 1, imm=1),  # r1 = the count as it was
        "place",
        _line(_LOAD_32, 2, 9, _ACTIVE_BYTES),
        _line(_MODULO, 1, 2),
        _line(_AND_NUMBER, 1, imm=0xFF),
        _line(_SHIFT_LEFT_NUMBER, 1, imm=2),
        _line(_ADD, 9, 1),
        _line(_LOAD_32, 1, 9, _ACTIVE_BYTES + 4),
    ]


def _select(sockets: int) -> list[Item]:
    """Let the socket of the member in r1 have the connection; where it has none the kernel goes by its hash."""
    return [
        _line(_STORE_32, _STACK, 1, -4),
        _line(_MOVE, 1, 6),
        *_address(2, sockets, value=False),
        _line(_MOVE, 3, _STACK),
        _line(_ADD_NUMBER, 3, imm=-4),
        _line(_MOVE_NUMBER, 4, imm=0),
        _line(_CALL, imm=_SELECT_REUSEPORT),
        _line(_MOVE_NUMBER, 0, imm=1),  # SK_PASS
        _line(_END),
    ]


def _line(code: int, to: int = 0, source: int = 0, off: int = 0, *, imm: int = 0) -> bytes:
    return struct.pack("=BBhi", code, to | source << 4, off, imm)


def _address(register: int, descriptor: int, *, value: bool) -> list[Item]:
    """Return the two lines that load the address of a map, or of the one value that it has."""
    return [_line(0x18, register, 2 if value else 1, imm=descriptor), _line(0)]


def _resolved(items: Sequence[Item]) -> bytes:
    """Return the instructions, with each jump as far as to its place."""
    places: dict[str, int] = {}
    at = 0
    for item in items:
        if isinstance(item, str):
            places[item] = at
        else:
            at += 1
    lines: list[bytes] = []
    for item in items:
        if isinstance(item, tuple):
            code, to, source, imm, place = item
            lines.append(_line(code, to, source, places[place] - len(lines) - 1, imm=imm))
        elif isinstance(item, bytes):
            lines.append(item)
    return b"".join(lines)
