"""What launchers may ask of supervisord, and the answers. No transport (see `store`), no socket calls.

Messages are fields with NUL between them: ``start UNIT STATE [SERVICE SLOT WHERE...]``, ``held UNIT REASON``, and
``orphans UNIT``, which ends what is left of a unit and what may be. WHERE is as in a spec file's ``listen``.
Answers are ``ok`` (with the sockets, or the pids, that were asked for) and ``no EXITCODE REASON``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from procman.runtime import inside
from procman.runtime.exits import CONFIG, HELD, Refused
from procman.runtime.sockets import where
from procman.runtime.store import Answer

if TYPE_CHECKING:
    from procman.runtime.claim import Claim
    from procman.runtime.inside import Process
    from procman.runtime.listeners import Listeners
    from procman.runtime.restarts import Restarts

    class EndOrphans(Protocol):
        """Ends what a unit left behind and returns the pids."""

        def __call__(self, unit: str, *, unmarked: bool) -> list[int]: ...  # noqa: D102 - see above


_SLOT_DIGITS = 6

OK = Answer("ok")


class Desk:
    """Answers for the project in the directory `state`."""

    def __init__(
        self, state: str, claim: Claim, listeners: Listeners, restarts: Restarts, end_orphans: EndOrphans
    ) -> None:
        self._state = state
        self._claim = claim
        self._listeners = listeners
        self._restarts = restarts
        self._end_orphans = end_orphans

    def answer(self, process: Process, fields: list[str]) -> Answer:
        """Return what the launcher that runs as `process` is told, and remember it for `status`."""
        record = self._restarts.record(process.config.name)
        try:
            return self._answer(process, fields)
        except Refused as refused:
            if refused.code == HELD:
                record.held = refused.reason
            else:
                record.refused = refused.reason
            return Answer(f"no\0{refused.code}\0{refused.reason}")

    def _answer(self, process: Process, fields: list[str]) -> Answer:
        unit = inside.unit(process)
        if len(fields) > 1 and fields[1] != unit:
            raise Refused(CONFIG, f"this process is {unit}, but its spec file is for {fields[1]}")
        match fields:
            case ["held", _, reason]:
                self._restarts.record(process.config.name).held = reason
                return OK
            case ["orphans", _]:
                return Answer("\0".join(("ok", *map(str, self._end_orphans(unit, unmarked=True)))))
            case ["start", _, state]:
                self._check(state)
                return OK
            case ["start", _, state, service, slot, *places] if places:
                self._check(state)
                moves = not inside.is_spare(process)
                found = self._listeners.take(unit, service, _number(slot), [where(p) for p in places], moves=moves)
                return Answer("ok", tuple(sock.fileno() for sock in found))
        raise Refused(CONFIG, "the launcher and the plugin in supervisord do not understand each other")

    def _check(self, state: str) -> None:
        if os.path.realpath(state) != self._state:
            raise Refused(CONFIG, f"the spec file is for {state}, but this supervisord runs {self._state}")
        if not self._claim.take():  # the other one may have ended since
            raise Refused(HELD, self._claim.reason)


def _number(slot: str) -> int:
    if not slot.isdecimal() or len(slot) > _SLOT_DIGITS:
        raise Refused(CONFIG, f"'{slot}' is not the number of a slot")
    return int(slot)
