"""The listening sockets of the services: one per slot, all on one address, held here so that they outlive a slot.

Decides nothing about instances. Each slot has its own SO_REUSEPORT socket, because a shared one leaves keep-alive
servers unbalanced; a slot whose process is not alive gets no new connections while another slot's is.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from typing import TYPE_CHECKING, NamedTuple

from procman.runtime import loop, proc, steering
from procman.runtime.exits import CONFIG, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

UNAVAILABLE = 69
"""The address is not free: worth another try (sysexits.h UNAVAILABLE)."""

_BACKLOG = 4096
_LOCALHOST = "127.0.0.1"
_LATER = (errno.EADDRINUSE, errno.EADDRNOTAVAIL)


class Address(NamedTuple):
    """Where a group listens: a literal address and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return ``127.0.0.1:3000`` or ``[::1]:3000``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(host: str, port: str) -> Address:
    """Return the address to bind; Refused when it is not one. No name but localhost is looked up: that may block."""
    literal = _LOCALHOST if host == "localhost" else host
    family = socket.AF_INET6 if ":" in literal else socket.AF_INET
    try:
        socket.inet_pton(family, literal.partition("%")[0] if family == socket.AF_INET6 else literal)
        number = int(port)
    except (OSError, ValueError):
        number = 0
    if not 0 < number < 1 << 16:
        raise Refused(CONFIG, f"cannot listen on {host}:{port}: write a literal address or localhost, and a port")
    return Address(literal, number)


class _Group:
    """The sockets of one service on one address. `order` is the kernel's array of them: indexes are its own."""

    def __init__(self, where: Address) -> None:
        self.where = where
        self.sockets: dict[int, socket.socket] = {}
        self.order: list[int] = []
        self.steered: list[int] = []

    def open(self, slot: int, least: int, *, alone: bool) -> None:
        """Listen for `slot`; OSError as of bind(2). `alone`: no other socket of the service has the port."""
        family = socket.AF_INET6 if ":" in self.where.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # The first bind is exclusive, so that a stranger on the address is an error and not a partner.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0 if alone else 1)
            sock.bind(self.where)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock = socket.socket(fileno=loop.high(sock.detach(), least))
            sock.listen(_BACKLOG)
        except OSError:
            sock.close()
            raise
        self.sockets[slot] = sock
        self.order.append(slot)

    def close(self, slot: int) -> None:
        """Close the socket of `slot` for every process that has it, and follow what the kernel does to its array."""
        sock = self.sockets.pop(slot)
        index = self.order.index(slot)
        self.order[index] = self.order[-1]
        self.order.pop()
        # A survivor that holds the socket too would keep it in the kernel's array, and `order` would be wrong.
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()

    def steer(self, live: set[int]) -> None:
        """Keep new connections to the slots in `live`, when there is one and not all are; OSError as of the kernel."""
        members = [index for index, slot in enumerate(self.order) if slot in live]
        if len(members) == len(self.order):
            members = []
        if members == self.steered or not self.sockets:
            return
        listener = self.sockets[self.order[0]]
        if members:
            steering.steer(listener, members)
        else:
            steering.release(listener)
        self.steered = members


class Listeners:
    """Every listening socket of one supervisord; survives its SIGHUP. `log` hears of what could not be done."""

    def __init__(self, least: int, log: Callable[[str], None]) -> None:
        self.log = log
        self._least = least
        self._groups: dict[str, list[_Group]] = {}
        self._slots: dict[str, tuple[str, int]] = {}
        self._live: set[str] = set()

    def take(self, unit: str, service: str, slot: int, where: Address) -> socket.socket:
        """Return the listening socket of `slot`, which `unit` is about to use; Refused when there can be none."""
        groups = self._groups.setdefault(service, [])
        group = next((g for g in groups if g.where == where), None) or _Group(where)
        if slot not in group.sockets:
            self._open(group, slot, alone=all(g.where.port != where.port for g in groups))
        for other in [g for g in groups if g is not group and slot in g.sockets]:
            other.close(slot)  # the address was changed, and this slot has come over
        self._groups[service] = [*(g for g in groups if g is not group and g.sockets), group]
        self._slots[unit] = (service, slot)
        self.mark(unit, alive=True)
        return group.sockets[slot]

    def mark(self, unit: str, *, alive: bool) -> None:
        """Take note that the process of `unit` can or cannot answer connections."""
        (self._live.add if alive else self._live.discard)(unit)
        if unit in self._slots:
            self._steer(self._slots[unit][0])

    def drop(self, unit: str) -> None:
        """Close the socket of `unit`, which will not come back by itself: clients are better refused than left."""
        service, slot = self._slots.pop(unit, ("", 0))
        if (service, slot) not in self._slots.values():
            self._close(service, lambda number: number == slot)

    def release(self, service: str, first: int) -> int:
        """Close the sockets of `service` from slot `first` on; return how many there were."""
        self._slots = {u: s for u, s in self._slots.items() if s[0] != service or s[1] < first}
        return self._close(service, lambda number: number >= first)

    def forget_all_but(self, units: set[str]) -> None:
        """Close the sockets of units that are not in `units`, and take every other for not alive."""
        self._live.clear()
        for unit in [u for u in self._slots if u not in units]:
            self.drop(unit)
        for service in self._groups:
            self._steer(service)

    def users(self, service: str, first: int) -> list[str]:
        """Return the units that use the slots of `service` from `first` on."""
        return sorted(u for u, (name, slot) in self._slots.items() if name == service and slot >= first)

    def inode(self, unit: str) -> int | None:
        """Return the inode of the listening socket of `unit`, or None."""
        service, slot = self._slots.get(unit, ("", 0))
        for group in self._groups.get(service, ()):
            if slot in group.sockets:
                return os.fstat(group.sockets[slot].fileno()).st_ino
        return None

    def _open(self, group: _Group, slot: int, *, alone: bool) -> None:
        try:
            group.open(slot, self._least, alone=alone)
        except OSError as error:
            code = UNAVAILABLE if error.errno in _LATER else CONFIG
            raise Refused(code, f"cannot listen on {group.where}: {self._why(error, group.where)}") from None

    def _why(self, error: OSError, where: Address) -> str:
        if error.errno != errno.EADDRINUSE:
            return error.strerror or str(error)
        for service, groups in self._groups.items():
            if any(g.sockets and g.where.port == where.port for g in groups):
                return f"this project's service {service} has the port"
        return f"address in use by {proc.listener(where.port) or 'another process'}"

    def _close(self, service: str, chosen: Callable[[int], bool]) -> int:
        closed = 0
        for group in self._groups.get(service, ()):
            for slot in [s for s in group.sockets if chosen(s)]:
                group.close(slot)
                closed += 1
        self._groups[service] = [g for g in self._groups.get(service, ()) if g.sockets]
        if not self._groups[service]:
            del self._groups[service]
        else:
            self._steer(service)
        return closed

    def _steer(self, service: str) -> None:
        live = {slot for unit, (name, slot) in self._slots.items() if name == service and unit in self._live}
        for group in self._groups.get(service, ()):
            try:
                group.steer(live)
            except OSError as error:
                self.log(f"cannot steer connections of {service}: {error}; the kernel's hash spreads them")
