"""The budget and its verdicts."""

from __future__ import annotations

import pytest

from procman.core.budget import MANAGER_BYTES, Budget, Verdict, budget_for, judge
from procman.core.machine import Machine, named
from procman.core.manifest import BudgetRule
from procman.core.quantity import GIB, MIB
from tests.support.values import budget


@pytest.mark.parametrize(
    ("required", "verdict"),
    [
        (0, Verdict.VERY_SAFE),
        (600, Verdict.VERY_SAFE),
        (601, Verdict.SAFE_WITH_SWAP),
        (800, Verdict.SAFE_WITH_SWAP),
        (801, Verdict.TIGHT),
        (1000, Verdict.TIGHT),
        (1001, Verdict.OVER_BUDGET),
        (1500, Verdict.OVER_BUDGET),
        (1501, Verdict.OVER_MACHINE),
    ],
)
def test_verdict_changes_one_byte_after_its_border(required: int, verdict: Verdict) -> None:
    """The borders are 60, 80 and 100 % of the usable RAM and the machine's RAM, each belonging to the better side."""
    assert verdict == judge(required, budget(usable=1000, ram=1500))


@pytest.mark.parametrize(
    ("verdict", "fits", "recommended"),
    [
        (Verdict.VERY_SAFE, True, True),
        (Verdict.SAFE_WITH_SWAP, True, True),
        (Verdict.TIGHT, True, False),
        (Verdict.OVER_BUDGET, False, False),
        (Verdict.OVER_MACHINE, False, False),
    ],
)
def test_verdict_says_what_may_start_and_what_is_recommended(verdict: Verdict, fits: bool, recommended: bool) -> None:
    """What is tight fits, but only what is at least safe with swap is recommended."""
    assert (fits, recommended) == (verdict.fits, verdict.recommended)


@pytest.mark.parametrize(
    ("ram", "rule", "reserve"),
    [
        (GIB, BudgetRule(), 512 * MIB),
        (2 * GIB, BudgetRule(), 512 * MIB),
        (4 * GIB, BudgetRule(), GIB),
        (4 * GIB, BudgetRule(reserve_bytes=100 * MIB), 100 * MIB),
        (4 * GIB, BudgetRule(reserve_share=0.5), 2 * GIB),
        (4 * GIB, BudgetRule(reserve_share=0.0), 0),
        (4 * GIB, BudgetRule(reserve_bytes=0), 0),
    ],
)
def test_reserve_is_what_the_rule_says_else_a_quarter_and_at_least_512_mib(
    ram: int, rule: BudgetRule, reserve: int
) -> None:
    """A size or a share is taken as written, nothing included; without either it is max(512 MiB, 25 %)."""
    machine = named(ram, "test")
    assert Budget(machine, reserve, MANAGER_BYTES) == budget_for(machine, rule)


def test_usable_ram_is_never_negative() -> None:
    """A machine that is smaller than its reserve has nothing for services, and not less."""
    tiny = Budget(Machine(256 * MIB, 0, "test"), 512 * MIB)
    assert (0, Verdict.OVER_BUDGET) == (tiny.usable, judge(1, tiny))


def test_usable_ram_leaves_out_reserve_and_manager() -> None:
    """2 GiB less 512 MiB less the manager's 32 MiB are 1,504 MiB."""
    assert 1504 * MIB == budget_for(named(2 * GIB, "test"), BudgetRule()).usable
