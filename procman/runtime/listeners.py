"""The listening sockets of the services: held here, so that they outlive the processes that use them.

Decides nothing about instances. On TCP each slot has its own SO_REUSEPORT socket, because a shared one leaves
keep-alive servers unbalanced; a slot that is not ready gets no new connections while another is. A unix socket has no
such groups: all slots share it.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING

from procman.runtime import sockets
from procman.runtime.exits import CONFIG, Refused
from procman.runtime.occupant import Occupants
from procman.runtime.reuseport import Group
from procman.runtime.round_robin import SLOTS
from procman.runtime.sockets import Address, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

UNAVAILABLE = 69
"""The address is not free: worth another try (sysexits.h UNAVAILABLE)."""

DEAD, ALIVE, READY = range(3)
"""What the process of a unit is to new connections."""

_LATER = (errno.EADDRINUSE, errno.EADDRNOTAVAIL)


class Listeners:
    """Every listening socket of one supervisord; survives its SIGHUP. `log` hears of what could not be done.

    `by_chance`: why the kernel's hash chooses who gets a connection, where slots were to take turns.
    """

    def __init__(self, least: int, log: Callable[[str], None]) -> None:
        self.log = log
        self.by_chance: str | None = None
        self._least = least
        self._occupants = Occupants()
        self._groups: dict[str, list[Group]] = {}
        self._slots: dict[str, tuple[str, int]] = {}
        self._levels: dict[str, int] = {}

    def take(
        self, unit: str, service: str, slot: int, places: Sequence[Where], *, moves: bool = True
    ) -> list[socket.socket]:
        """Return the listening sockets of `slot`, which `unit` is about to use; Refused when there can be none.

        `moves`: the slot leaves the places it has besides; else another process of the unit still serves them.
        """
        self._slots[unit] = (service, slot)
        self._levels.setdefault(unit, DEAD)
        taken = [self._take(service, slot, place) for place in places]
        if moves:
            self.settle(unit, places)
        self.mark(unit, max(self._levels[unit], ALIVE))
        return taken

    def settle(self, unit: str, places: Sequence[Where]) -> None:
        """Close what the slot of `unit` has at other places: its address was changed, and it has come over."""
        service, slot = self._slots.get(unit, ("", 0))
        for other in [g for g in self._groups.get(service, ()) if g.where not in places]:
            self._keep_to(service, other, self._best(service) - {slot})
            other.close(slot)
        self._sweep(service)

    def mark(self, unit: str, level: int) -> None:
        """Take note what the process of `unit` is to new connections: DEAD, ALIVE or READY."""
        self._levels[unit] = level
        if unit in self._slots:
            if level == READY:
                for sock in self.sockets(unit):
                    sockets.deepen(sock)
            self._steer(self._slots[unit][0])

    def aim(self, unit: str, place: Where, port: int | None) -> None:
        """Send connections from the source port `port` to the slot of `unit`, ready or not; None: no more."""
        service, slot = self._slots.get(unit, ("", 0))
        for group in self._groups.get(service, ()):
            if group.where == place:
                group.aim(slot, port)
        self._steer(service)

    def drop(self, unit: str) -> None:
        """Close the sockets of `unit`, which will not come back by itself: clients are better refused than left."""
        service, slot = self._slots.pop(unit, ("", 0))
        self._levels.pop(unit, None)
        if (service, slot) not in self._slots.values():
            self._close(service, lambda number: number == slot)

    def release(self, service: str, first: int) -> int:
        """Close the sockets of `service` from slot `first` on; return how many there were."""
        self._slots = {u: s for u, s in self._slots.items() if s[0] != service or s[1] < first}
        return self._close(service, lambda number: number >= first)

    def forget_all_but(self, units: set[str]) -> None:
        """Close the sockets of units that are not in `units`, and take every other for not alive."""
        self._levels.clear()
        for unit in [u for u in self._slots if u not in units]:
            self.drop(unit)
        for service in self._groups:
            self._steer(service)

    def users(self, service: str, first: int) -> list[str]:
        """Return the units that use the slots of `service` from `first` on."""
        return sorted(u for u, (name, slot) in self._slots.items() if name == service and slot >= first)

    def sockets(self, unit: str) -> list[socket.socket]:
        """Return the listening sockets of `unit`, in the order in which they were opened."""
        service, slot = self._slots.get(unit, ("", 0))
        return [g.sockets[slot] for g in self._groups.get(service, ()) if slot in g.sockets]

    def inodes(self, unit: str, places: Sequence[Where] | None = None) -> list[int]:
        """Return the inodes of the listening sockets of `unit`, or of those at `places`."""
        service, slot = self._slots.get(unit, ("", 0))
        return [
            os.fstat(g.sockets[slot].fileno()).st_ino
            for g in self._groups.get(service, ())
            if slot in g.sockets and (places is None or g.where in places)
        ]

    def queued(self, unit: str) -> int:
        """Return how many connections wait to be accepted by `unit`."""
        return sum(sockets.queued(sock) for sock in self.sockets(unit))

    def placement(self) -> dict[str, object]:
        """Return what the report says of new connections: how one of several instances is chosen, why not in turn."""
        shared = [g for groups in self._groups.values() for g in groups if g.port is not None and len(g.order) > 1]
        if all(g.in_turn for g in shared):
            return {"method": "round-robin" if shared else None, "reason": None}
        return {"method": "hash", "reason": self.by_chance or f"there are more than {SLOTS} instances"}

    def remove_names(self) -> None:
        """Remove the names of the unix sockets: for the manager's last moment."""
        for group in [g for groups in self._groups.values() for g in groups]:
            sockets.remove(group.where)

    def _take(self, service: str, slot: int, place: Where) -> socket.socket:
        groups = self._groups.setdefault(service, [])
        group = next((g for g in groups if g.where == place), None) or Group(place)
        if slot not in group.sockets:
            try:
                group.open(slot, self._least, self._best(service), alone=_alone(groups, place))
            except OSError as error:
                code = UNAVAILABLE if error.errno in _LATER else CONFIG
                raise Refused(code, f"cannot listen on {place}: {self._why(error, place)}") from None
        if group not in groups:
            groups.append(group)
        self._take_turns(service, group)
        return group.sockets[slot]

    def _take_turns(self, service: str, group: Group) -> None:
        """Let the slots take turns. Where one group could not, the next is not tried: it is said once."""
        if self.by_chance is not None and not group.can_turn:
            return
        try:
            group.take_turns(self._least)
        except OSError as error:
            self.by_chance = error.strerror or str(error)
            self.log(f"connections of {service} go to an instance by the kernel's hash: {self.by_chance}")

    def _why(self, error: OSError, place: Where) -> str:
        if error.errno != errno.EADDRINUSE or not isinstance(place, Address):
            return error.strerror or str(error)
        for service, groups in self._groups.items():
            if any(g.sockets and g.port == place.port for g in groups):
                return f"this project's service {service} has the port"
        return f"address in use by {self._occupants.find(place.port) or 'another process'}"

    def _close(self, service: str, chosen: Callable[[int], bool]) -> int:
        self._steer(service)  # what a listener has when it is closed goes where new connections go
        groups = self._groups.get(service, ())
        return sum(g.close(slot) for g in groups for slot in [s for s in g.sockets if chosen(s)]) + self._sweep(service)

    def _sweep(self, service: str) -> int:
        for group in [g for g in self._groups.get(service, ()) if not g.sockets]:
            group.end()
        self._groups[service] = [g for g in self._groups.get(service, ()) if g.sockets]
        if not self._groups[service]:
            del self._groups[service]
        self._steer(service)
        return 0

    def _best(self, service: str) -> set[int]:
        """Return the slots that new connections should reach: the ready ones, else those alive, else none."""
        levels = {slot: self._levels.get(u, DEAD) for u, (name, slot) in self._slots.items() if name == service}
        best = max(levels.values(), default=DEAD)
        return {slot for slot, level in levels.items() if level == best} if best != DEAD else set()

    def _steer(self, service: str) -> None:
        best = self._best(service)
        for group in self._groups.get(service, ()):
            self._keep_to(service, group, best)

    def _keep_to(self, service: str, group: Group, best: set[int]) -> None:
        """Keep the new connections of `group` to the slots in `best`."""
        try:
            group.steer(best)
        except OSError as error:
            self.log(f"cannot steer connections of {service}: {error}; an instance that is not ready may get some")


def _alone(groups: Sequence[Group], place: Where) -> bool:
    return not isinstance(place, Address) or all(g.port != place.port for g in groups)
