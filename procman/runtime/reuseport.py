"""The sockets of one service at one place: a group of SO_REUSEPORT listeners in the kernel, or one unix socket.

Knows which socket is at which index of the kernel's array, and steers new connections within it.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from procman.runtime import sockets, steering
from procman.runtime.round_robin import AIMS, SLOTS, RoundRobin
from procman.runtime.sockets import Address, Where

if TYPE_CHECKING:
    from collections.abc import Sequence


class Group:
    """`order` is the kernel's array of the sockets: indexes are its own. `in_turn`: new connections go round the slots.

    Who gets a new connection: the next in turn, where the kernel lets a program count; else one by its hash.
    """

    def __init__(self, where: Where) -> None:
        self.where = where
        self.sockets: dict[int, socket.socket] = {}
        self.order: list[int] = []
        self._aimed: dict[int, int] = {}
        self._steered: tuple[Sequence[int], Sequence[tuple[int, int]], bool] | None = None
        self._attached = False
        self.in_turn = False
        self._turns: RoundRobin | None = None
        self._listed: set[int] = set()

    @property
    def port(self) -> int | None:
        """Return the TCP port."""
        return self.where.port if isinstance(self.where, Address) else None

    def open(self, slot: int, least: int, best: set[int], *, alone: bool) -> None:
        """Listen for `slot`; OSError as of bind(2). `alone`: no other socket of the service has the port.

        `best`: the slots that new connections are for; the new one gets none before it is one of them.
        """
        if self.port is None and self.sockets:
            self.sockets[slot] = next(iter(self.sockets.values()))
            return
        with contextlib.suppress(OSError):  # it is told when it is steered the next time
            self.steer(best, joined=1)
        sock = sockets.listening(self.where, least, alone=alone)
        self.sockets[slot] = sock
        self.order.append(slot)

    def take_turns(self, least: int) -> None:
        """Let new connections go round the slots, and not where chance sends them; OSError when that cannot be.

        From the group's second socket on: one alone needs no turns, and a unix socket has no group.
        """
        if len(self.order) < 2:  # noqa: PLR2004 - as it says
            return
        try:
            self._turns = self._turns or RoundRobin(least)
            for slot in [s for s in self.order if s not in self._listed and s < SLOTS]:
                self._turns.add(slot, self.sockets[slot])
                self._listed.add(slot)
        except OSError:
            self.end()
            raise

    @property
    def can_turn(self) -> bool:
        """Tell whether there is what makes the turns."""
        return self._turns is not None

    def end(self) -> None:
        """Let go of what makes the turns: the group has no socket any more, or has to do without."""
        if self._turns is not None:
            self._turns.close()
        self._turns, self._steered = None, None
        self._listed.clear()

    def close(self, slot: int) -> int:
        """Close the socket of `slot` for every process that has it; return how many that were: 0 or 1."""
        sock = self.sockets.pop(slot, None)
        self._aimed.pop(slot, None)
        self._listed.discard(slot)
        if sock is None or sock in self.sockets.values():
            return 0
        if self.port is not None:  # follow what the kernel does to its array
            index = self.order.index(slot)
            self.order[index] = self.order[-1]
            self.order.pop()
            self._steered = None  # by places, which are others now
        # A survivor that holds the socket too would keep it in the kernel's array, and `order` would be wrong.
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()
        sockets.remove(self.where)
        return 1

    def aim(self, slot: int, port: int | None) -> None:
        """Note that connections from the source port `port` are for `slot`; None: none any more."""
        self._aimed.pop(slot, None)
        if port is not None:
            self._aimed[slot] = port

    def steer(self, best: set[int], joined: int = 0) -> None:
        """Keep new connections to the slots in `best`, when there is one and not all are; OSError as of the kernel.

        `joined`: how many sockets are about to join.
        """
        if self.port is None or not self.sockets:
            return
        members = sorted(slot for slot in self.order if slot in best) or sorted(self.order)
        aimed = [(port, slot) for slot, port in self._aimed.items() if slot in self.sockets]
        everyone = len(members) == len(self.order) + joined
        if (members, aimed, everyone) == self._steered:
            return
        listener = self.sockets[self.order[0]]
        self.in_turn = self._can_turn(members, aimed)
        if self.in_turn and self._turns is not None:
            try:
                self._turns.spread(listener, members, aimed)
            except OSError:
                self.end()
                self.steer(best, joined)
                raise
            self._attached = True
        elif aimed or not everyone:
            places = [] if everyone else [self.order.index(slot) for slot in members]
            steering.steer(listener, places, [(port, self.order.index(slot)) for port, slot in aimed])
            self._attached = True
        elif self._attached:
            steering.release(listener)
            self._attached = False
        self._steered = (members, aimed, everyone)

    def _can_turn(self, members: Sequence[int], aimed: Sequence[tuple[int, int]]) -> bool:
        """Tell whether the program of the turns knows all of these slots."""
        return self._turns is not None and len(aimed) <= AIMS and {*members, *(s for _, s in aimed)} <= self._listed
