"""How an instance is replaced, or given up, for its memory: beside the old one where that can be, else stop first.

A scalable instance that listens gets its replacement first, on the same socket, if the machine has room for both at
this moment; without room it is stopped first, and connections wait in the socket. All else is stopped, then started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from procman.runtime import inside, machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.core.limits import Limit
    from procman.runtime.again import Again
    from procman.runtime.chronicle import Chronicle
    from procman.runtime.inside import Process
    from procman.runtime.rolling import Rolling

_ROOM_PERCENT = 110
"""What must be available for a replacement beside the old process, of what one may need."""


class Replacing:
    """Replaces one instance of a service at a time. `processes` returns every process of supervisord's."""

    def __init__(
        self, again: Again, rolling: Rolling, chronicle: Chronicle, processes: Callable[[], list[Process]]
    ) -> None:
        self.journal = chronicle.journal
        self._again = again
        self._rolling = rolling
        self._chronicle = chronicle
        self._processes = processes

    def free(self, unit: str) -> bool:
        """Tell whether no instance of the service of `unit` is being replaced, for whatever reason."""
        service = unit.rpartition("-")[0]
        units = {inside.unit(p) for p in self._processes()} | self._again.under_way()
        mine = [other for other in units if other.rpartition("-")[0] == service]
        return not any(self._rolling.busy(other) or other in self._again.under_way() for other in mine)

    def replace(self, process: Process, reason: str, limit: Limit) -> None:
        """Replace `process`, whose service has this limit."""
        unit = inside.unit(process)
        if limit.singleton or not limit.listens:
            self._again.restart(process, reason)
            return
        self._chronicle.because(unit, reason)
        room = machine.available() * 100 >= (limit.soft or 0) * _ROOM_PERCENT
        self._rolling.replace(unit, reason, in_place=not room)

    def retire(self, process: Process, reason: str) -> None:
        """Stop `process` for good, after new connections have left it."""
        unit = inside.unit(process)
        self._chronicle.because(unit, reason)
        self._rolling.retire(unit, reason)
