"""Lets new connections go round the members of a group of SO_REUSEPORT listeners, by an eBPF program in the kernel.

The kernel's hash and the classic program of `steering` choose by chance: of 64 connections to two members one may get
only 23. This one counts. It names sockets, not places in the kernel's array, and reads who the members are from a table
that is never seen half written. What a closed listener had, handshakes and what nobody has accepted, goes to a member,
too, and is not reset. See bpf(2), and SO_ATTACH_REUSEPORT_EBPF in socket(7). It needs CAP_BPF, and Linux 5.14.
"""

from __future__ import annotations

import array
import contextlib
import errno
import os
import socket
import struct
from typing import TYPE_CHECKING

from procman.runtime import libc, loop, processor, procfs, turn_program

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SLOTS = turn_program.MEMBERS
"""A slot has a number below this one."""
AIMS = turn_program.AIMS
"""How many ports can be aimed at once."""

_ATTACH = 52  # SO_ATTACH_REUSEPORT_EBPF
_CALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280}
"""The number of bpf(2) on 64-bit processors."""
_ADDRESS_BYTES = 8

_MAP_CREATE, _MAP_UPDATE, _PROGRAM_LOAD = 0, 2, 5
_ARRAY, _SOCKET_ARRAY = 2, 20
_REUSEPORT, _SELECT_OR_MIGRATE = 21, 40
_CAP_SYS_ADMIN, _CAP_BPF = 1 << 21, 1 << 39
_TRIES = 5
"""The kernel breaks off the check of a program when a signal comes, such as that of a child that ends."""


class RoundRobin:
    """One program, its table, and the listeners by slot; OSError when the kernel does not let it be made.

    The table is held twice: the half that is not in use is written, and then a number names it.
    """

    def __init__(self, least: int) -> None:
        self._halves = [turn_program.half((), ()), turn_program.half((), ())]
        self._active = 0
        made = [_map(_ARRAY, turn_program.COUNTER_BYTES, 1)]
        try:
            made.append(_map(_ARRAY, turn_program.TABLE_BYTES, 1))
            made.append(_map(_SOCKET_ARRAY, _ADDRESS_BYTES, SLOTS))
            made.append(_loaded(turn_program.program(*made)))
            for place, fd in enumerate(made):
                made[place] = -1
                made[place] = loop.high(fd, least)
        except OSError:
            _close(made)
            raise
        counter, self._table, self._sockets, self._program = made
        os.close(counter)  # the program has it

    def add(self, slot: int, listener: socket.socket) -> None:
        """Let `listener` be that of `slot`, which must have none; it leaves by itself when it is closed."""
        _update(self._sockets, slot, struct.pack("=Q", listener.fileno()))

    def spread(self, listener: socket.socket, members: Sequence[int], aims: Sequence[tuple[int, int]]) -> None:
        """Let a new connection of `listener`'s group go to the next of the slots `members`; OSError as of the kernel.

        `aims`: source ports, and the slot that connections from there go to. Every slot was added, and there are not
        more than `AIMS`. Who was to be next stays so as long as the members do.
        """
        half = turn_program.half(members, aims)
        if half != self._halves[self._active]:
            self._halves[1 - self._active] = half
            self._write(self._active)
            self._write(1 - self._active)
        listener.setsockopt(socket.SOL_SOCKET, _ATTACH, struct.pack("@i", self._program))

    def close(self) -> None:
        """Let go of it all; a group that the program is attached to keeps it."""
        _close((self._program, self._sockets, self._table))

    def _write(self, active: int) -> None:
        _update(self._table, 0, turn_program.table(active, self._halves))
        self._active = active


def _close(descriptors: Iterable[int]) -> None:
    for fd in descriptors:
        if fd >= 0:
            os.close(fd)


def _map(kind: int, size: int, count: int) -> int:
    """Return the descriptor of a map of `count` values of `size` bytes, all zero."""
    return _bpf(_MAP_CREATE, struct.pack("=IIIII", kind, 4, size, count, 0))


def _update(descriptor: int, key: int, value: bytes) -> None:
    keys, values = array.array("B", struct.pack("=I", key)), array.array("B", value)
    places = keys.buffer_info()[0], values.buffer_info()[0]
    _bpf(_MAP_UPDATE, struct.pack("=IxxxxQQQ", descriptor, *places, 0))


def _loaded(code: bytes) -> int:
    lines, terms = array.array("B", code), array.array("B", b"\0")
    places = lines.buffer_info()[0], terms.buffer_info()[0]
    attributes = struct.pack("=IIQQ", _REUSEPORT, len(code) // 8, *places).ljust(68, b"\0")
    for _ in range(_TRIES - 1):
        with contextlib.suppress(OSError):
            return _bpf(_PROGRAM_LOAD, attributes + struct.pack("=I", _SELECT_OR_MIGRATE))
    return _bpf(_PROGRAM_LOAD, attributes + struct.pack("=I", _SELECT_OR_MIGRATE))


def _bpf(command: int, attributes: bytes) -> int:
    number = _CALL.get(processor.calls())
    if number is None:
        raise OSError(errno.ENOSYS, "bpf(2) is not known on this processor")
    if not _may():  # asked first: a filter of system calls might end the manager for the question
        raise OSError(errno.EPERM, "the manager lacks CAP_BPF: root has it, in a container mostly not")
    result = libc.call("syscall", number, command, attributes, len(attributes))
    if result < 0:
        raise OSError(errno.EINVAL, f"bpf(2) is refused (Linux {os.uname().release}; 5.14 is needed, on ARM64 5.18)")
    return result


def _may() -> bool:
    _, _, rest = (procfs.read("/proc/self/status") or b"").partition(b"\nCapEff:")
    return not rest or bool(int(rest.split(None, 1)[0], 16) & (_CAP_BPF | _CAP_SYS_ADMIN))
