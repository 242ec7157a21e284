"""The RAM that instances may use, and what a sum of limits means against it. Decisions only, sizes in bytes."""

from __future__ import annotations

from enum import StrEnum

from procman.core.machine import Machine
from procman.core.manifest import BudgetRule
from procman.core.quantity import MIB
from procman.core.values import dataclass

MANAGER_BYTES = 32 * MIB
"""What supervisord with the plugin is planned at: 27 MiB RSS measured (see docs/guide.md), rounded up."""

DEFAULT_RESERVE = 512 * MIB
DEFAULT_SHARE = 0.25


class Verdict(StrEnum):
    """What a plan's sum means on the usable RAM."""

    VERY_SAFE = "very safe"
    SAFE_WITH_SWAP = "safe with swap"
    TIGHT = "tight"
    OVER_BUDGET = "over budget"
    OVER_MACHINE = "more than the machine has"

    @property
    def fits(self) -> bool:
        """Tell whether a plan with this verdict may start without ``--force``."""
        return self in (Verdict.VERY_SAFE, Verdict.SAFE_WITH_SWAP, Verdict.TIGHT)

    @property
    def recommended(self) -> bool:
        """Tell whether a profile with this verdict may be recommended."""
        return self in (Verdict.VERY_SAFE, Verdict.SAFE_WITH_SWAP)


@dataclass(frozen=True, slots=True)
class Budget:
    """A machine's RAM and what is taken off before services: `reserve` for the system, `manager` for supervisord."""

    machine: Machine
    reserve: int
    manager: int = MANAGER_BYTES

    @property
    def kept(self) -> int:
        """Return the bytes left to others: the reserve, or what they need now where that is more.

        The reserve is for the system, the broker and the database, so what these use now is part of it.
        """
        return max(self.reserve, self.machine.others or 0)

    @property
    def usable(self) -> int:
        """Return the bytes that services may use; never negative."""
        return max(0, self.machine.ram - self.kept - self.manager)


def budget_for(machine: Machine, rule: BudgetRule) -> Budget:
    """Return the budget of `machine` under the manifest's `rule`; the default reserve is max(512 MiB, 25 %)."""
    if rule.reserve_bytes is not None:
        reserve = rule.reserve_bytes
    elif rule.reserve_share is not None:
        reserve = int(machine.ram * rule.reserve_share)
    else:
        reserve = max(DEFAULT_RESERVE, int(machine.ram * DEFAULT_SHARE))
    return Budget(machine=machine, reserve=reserve)


def judge(required: int, budget: Budget) -> Verdict:
    """Return what `required` bytes mean on `budget`: 60, 80 and 100 % of the usable RAM are the borders."""
    if required > budget.machine.ram:
        return Verdict.OVER_MACHINE
    if required > budget.usable:
        return Verdict.OVER_BUDGET
    if required * 100 > budget.usable * 80:
        return Verdict.TIGHT
    if required * 100 > budget.usable * 60:
        return Verdict.SAFE_WITH_SWAP
    return Verdict.VERY_SAFE
