"""Lets new connections go round the members of a group of SO_REUSEPORT listeners, by an eBPF program in the kernel.

The kernel's hash and the classic program of `steering` choose by chance: of 64 connections to two members one may get
only 23. This one counts. It reads a table of members (indexes in the kernel's array, as in `reuseport`) that is
changed without a moment in which it is half written. See bpf(2) and socket(7), SO_ATTACH_REUSEPORT_EBPF. It needs root
or CAP_BPF, and Linux 5.12 for an addition that returns what was there.
"""

from __future__ import annotations

import array
import errno
import os
import socket
import struct
from typing import TYPE_CHECKING

from procman.runtime import libc, loop

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 255
"""Members that a table has room for."""

_ATTACH = 52  # SO_ATTACH_REUSEPORT_EBPF
_CALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280}
"""The number of bpf(2) on 64-bit processors whose instructions are encoded as below."""
_ADDRESS_BYTES = 8

_MAP_CREATE, _MAP_UPDATE, _LOAD = 0, 2, 5
_ARRAY, _SOCKET_FILTER = 2, 1
_FIRST = bytes(4)
_COUNTER_BYTES = 8
_ACTIVE_BYTES = 4
_HALF_BYTES = 4 * (MOST + 1)
"""How many there are, and then the members."""
_TABLE_BYTES = _ACTIVE_BYTES + 2 * _HALF_BYTES + 4
"""With a member more than there is: the verifier allows for an index of 255 in the second half."""


class RoundRobin:
    """One program and its table of members; OSError when the kernel does not let it be made.

    The table is held twice: the half that is not in use is written, and then a flag names it.
    """

    def __init__(self, least: int) -> None:
        self._halves = [bytes(_HALF_BYTES), bytes(_HALF_BYTES)]
        self._active = 0
        counter = _map(_COUNTER_BYTES)
        try:
            self._table = loop.high(_map(_TABLE_BYTES), least)
            try:
                self._program = loop.high(_loaded(_program(counter, self._table)), least)
            except OSError:
                os.close(self._table)
                raise
        finally:
            os.close(counter)  # the program keeps it

    def spread(self, listener: socket.socket, members: Sequence[int]) -> None:
        """Let each new connection of `listener`'s group go to the next of `members`; OSError when the kernel refuses.

        Who was to be next stays so when the members are the same as before.
        """
        half = struct.pack(f"=I{len(members)}I", len(members), *members).ljust(_HALF_BYTES, b"\0")
        if half != self._halves[self._active]:
            self._halves[1 - self._active] = half
            self._write()
            self._active = 1 - self._active
            self._write()
        listener.setsockopt(socket.SOL_SOCKET, _ATTACH, struct.pack("@i", self._program))

    def close(self) -> None:
        """Let go of the program; a group that it is attached to keeps it."""
        os.close(self._program)
        os.close(self._table)

    def _write(self) -> None:
        value = array.array("B", (struct.pack("=I", self._active) + b"".join(self._halves)).ljust(_TABLE_BYTES, b"\0"))
        key = array.array("B", _FIRST)
        _bpf(_MAP_UPDATE, struct.pack("=IxxxxQQQ", self._table, key.buffer_info()[0], value.buffer_info()[0], 0))


def _map(size: int) -> int:
    """Return the descriptor of an array with one value of `size` bytes, all zero."""
    return _bpf(_MAP_CREATE, struct.pack("=IIIII", _ARRAY, len(_FIRST), size, 1, 0))


def _loaded(code: bytes) -> int:
    lines, terms = array.array("B", code), array.array("B", b"\0")
    places = lines.buffer_info()[0], terms.buffer_info()[0]
    return _bpf(_LOAD, struct.pack("=IIQQIIQI", _SOCKET_FILTER, len(code) // 8, *places, 0, 0, 0, 0))


def _program(counter: int, table: int) -> bytes:
    """Return the instructions: count one on, and return the member at the old count modulo how many there are."""
    return b"".join(
        (
            _line(0x18, 3, 2, imm=counter) + _line(0),  # r3 = address of the counter
            _line(0xB7, 1, imm=1),  # r1 = 1
            _line(0xDB, 3, 1, imm=1),  # r1 = what was at r3, and add r1 to it, atomic
            _line(0x18, 0, 2, imm=table) + _line(0),  # r0 = address of the table
            _line(0x61, 2, 0),  # r2 = which half is in use
            _line(0x57, 2, imm=1),  # r2 &= 1, for the verifier
            _line(0x27, 2, imm=_HALF_BYTES),  # r2 *= length of a half
            _line(0x0F, 0, 2),  # r0 += r2
            _line(0x61, 2, 0, off=_ACTIVE_BYTES),  # r2 = how many members
            _line(0x9F, 1, 2),  # r1 %= r2
            _line(0x57, 1, imm=0xFF),  # r1 &= 255, for the verifier
            _line(0x67, 1, imm=2),  # r1 <<= 2
            _line(0x0F, 0, 1),  # r0 += r1
            _line(0x61, 0, 0, off=_ACTIVE_BYTES + 4),  # r0 = the member
            _line(0x95),  # return r0
        )
    )


def _line(code: int, to: int = 0, source: int = 0, *, off: int = 0, imm: int = 0) -> bytes:
    return struct.pack("=BBhi", code, to | source << 4, off, imm)


def _bpf(command: int, attributes: bytes) -> int:
    number = _CALL.get(os.uname().machine) if struct.calcsize("P") == _ADDRESS_BYTES else None
    if number is None:
        raise OSError(errno.ENOSYS, "bpf(2) is not known on this processor")
    result = libc.call("syscall", number, command, attributes, len(attributes))
    if result < 0:
        raise OSError(errno.EPERM, "bpf(2) is refused: it needs root or CAP_BPF, and Linux 5.12")
    return result
