"""What is looked at before anything is started: locks that are held elsewhere, and addresses in use."""

from __future__ import annotations

from procman.adapters import locks, ports
from procman.core.diff import Action, Do
from procman.core.errors import Failed, Held
from procman.core.manifest import Address
from procman.core.observed import Observed
from procman.core.spec import Spec
from procman.workflow.target import Target


def check_locks(target: Target, actions: tuple[Action, ...]) -> None:
    """Raise Held when a singleton that would start runs elsewhere on this host."""
    for spec in _starting(target, actions):
        held = locks.held_elsewhere(spec)
        if held is not None:
            raise Held(f"{spec.unit} is not started: {held}", "only one may run on a host; end the other one first")


def check_addresses(target: Target, actions: tuple[Action, ...], observed: Observed | None) -> None:
    """Raise Failed when an address that would be listened on is taken by a stranger."""
    ours = _addresses_held(target, observed)
    wanted = {s.listen for s in _starting(target, actions) if s.listen is not None}
    for address in sorted(wanted - ours, key=str):
        fault = ports.fault(address)
        if fault is not None:
            raise Failed(f"{address} {fault}", "end that process, or change `listen`")


def _starting(target: Target, actions: tuple[Action, ...]) -> list[Spec]:
    starting = {a.unit for a in actions if a.do is Do.START}
    return [w.spec for w in target.wanted if w.run and w.spec.unit in starting]


def _addresses_held(target: Target, observed: Observed | None) -> set[Address]:
    """Return the addresses that our own manager listens on already."""
    if observed is None:
        return set()
    listening = {u.unit for u in observed.units if u.slot_inode is not None}
    services = {unit.rpartition("-")[0] for unit in listening}
    return {w.spec.listen for w in target.wanted if w.spec.listen is not None and w.spec.service in services}
