"""The RPC namespace ``procman`` of the plugin: what may be asked of it, and faults for what may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supervisor.states import ProcessStates
from supervisor.xmlrpc import Faults, RPCError

from procman.runtime import inside
from procman.runtime.border import Broken

if TYPE_CHECKING:
    from collections.abc import Callable

    from procman.runtime.plugin import Core


class Interface:
    """The RPC namespace ``procman``. Every public name of this class can be called by who may open the socket."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def status(self) -> str:
        """Return everything about the manager and its units as one JSON text.

        @return string result  the report
        """
        return str(_reply(self._core, "status", self._core.status))

    def release(self, service: str, n: int) -> int:
        """Close the listening sockets of `service` from slot `n` on.

        @param string service  the name of the service
        @param int n           the first slot to close; 0 closes all
        @return int result     how many were closed
        """
        closed = _reply(self._core, "release", lambda: _release(self._core, service, n))
        return int(str(closed))

    def replace(self, unit: str, reason: str) -> int:
        """Replace the process of `unit`, by what the file that was read last says, without losing a connection.

        @param string unit    the name of the unit
        @param string reason  why, for the log
        @return int result    the number of the job; `status` says what becomes of it
        """
        return int(str(_reply(self._core, "replace", lambda: _replace(self._core, unit, reason))))

    def renew(self, units: list[str], reason: str) -> bool:
        """Stop all of `units` at once, and make each anew, by what the file that was read last says, when it is down.

        @param array units      the names of the units
        @param string reason    why, for the log
        @return boolean result  always true; `status` says what becomes of each
        """
        return bool(_reply(self._core, "renew", lambda: _renew(self._core, units, reason)))

    def call_off(self, unit: str) -> bool:
        """Let a replacement of `unit` that is not ready yet fail; the old process serves on.

        @param string unit      the name of the unit
        @return boolean result  whether there was one
        """
        return bool(_reply(self._core, "call_off", lambda: self._core.rolling.call_off(unit)))

    def hurry(self, unit: str) -> bool:
        """Start `unit`, which has failed and waits for its next start, at once.

        @param string unit      the name of the unit
        @return boolean result  whether it waited
        """
        return bool(_reply(self._core, "hurry", lambda: _hurry(self._core, unit)))

    def retire(self, unit: str) -> int:
        """Stop `unit` after new connections have left it and its queue is empty.

        @param string unit  the name of the unit
        @return int result  the number of the job
        """
        return int(str(_reply(self._core, "retire", lambda: _retire(self._core, unit))))


def _reply(core: Core, what: str, work: Callable[[], object]) -> object:
    result = core.border.run(what, work, passing=(RPCError,))
    if isinstance(result, Broken):
        raise RPCError(Faults.FAILED, f"procman.{what}: {result.text}")
    return result


def _release(core: Core, service: object, first: object) -> int:
    if not isinstance(service, str) or type(first) is not int or first < 0:
        raise RPCError(Faults.BAD_ARGUMENTS, "release takes the name of a service and a number from 0 on")
    alive = {inside.unit(p) for p in inside.processes(core.supervisord) if p.pid}
    users = [unit for unit in core.listeners.users(service, first) if unit in alive]
    if users:
        raise RPCError(Faults.STILL_RUNNING, f"{', '.join(users)} still use the listening sockets")
    return core.listeners.release(service, first)


def _replace(core: Core, unit: str, reason: str) -> int:
    configs = {config.name: config for config in core.supervisord.options.process_group_configs}
    if unit not in configs or unit not in core.supervisord.process_groups:
        raise RPCError(Faults.BAD_NAME, unit)
    number = core.rolling.replace(unit, reason, config=configs[unit])
    if not number:
        raise RPCError(Faults.STILL_RUNNING, f"{unit} is being replaced already")
    return number


def _renew(core: Core, units: object, reason: str) -> bool:
    if not isinstance(units, list):
        raise RPCError(Faults.BAD_ARGUMENTS, "renew takes a list of units, and a reason")
    configs = {config.name: config for config in core.supervisord.options.process_group_configs}
    for unit in units:
        if unit not in configs or unit not in core.supervisord.process_groups:
            raise RPCError(Faults.BAD_NAME, str(unit))
        if core.rolling.busy(unit):
            raise RPCError(Faults.STILL_RUNNING, f"{unit} is being replaced already")
    core.rolling.renew([configs[unit] for unit in units], reason)
    return True


def _hurry(core: Core, unit: str) -> bool:
    waiting = [p for p in inside.mains(core.supervisord) if inside.unit(p) == unit and p.state == ProcessStates.BACKOFF]
    for process in waiting:
        process.delay = 0
        core.wake.poke()
    return bool(waiting)


def _retire(core: Core, unit: str) -> int:
    if unit not in core.supervisord.process_groups:
        raise RPCError(Faults.BAD_NAME, unit)
    return core.rolling.retire(unit, "to be stopped")
