"""What every form of a plan says in the same words: the verdict, a share, the recommendation."""

from __future__ import annotations

from procman.core.budget import Verdict
from procman.core.plan import Plan, PlannedService
from procman.core.quantity import format_size, short_size


def verdict_words(plan: Plan) -> str:
    """Return the verdict, with what there is to say of swap."""
    wants_swap = plan.verdict in (Verdict.SAFE_WITH_SWAP, Verdict.TIGHT)
    if wants_swap and plan.budget.machine.swap == 0:
        return f"{plan.verdict} (this machine has no swap: add some)"
    return str(plan.verdict)


def share(size: int, plan: Plan) -> str:
    """Return `size` as a share of what is usable."""
    usable = plan.budget.usable
    return f"{size * 100 / usable:.0f} %" if usable else "-"


def recommendation(plan: Plan) -> str:
    """Return why which profile is recommended."""
    best = next((p for p in plan.profiles if p.recommended), None)
    if best is None:
        return "none is recommended: none is within 80 % of the usable RAM"
    room = format_size(plan.budget.usable * 80 // 100)
    return f"{best.name} is recommended: the largest within 80 % of usable, {room}"


def counted(service: PlannedService) -> str:
    """Return ``2 x 400M``."""
    return f"{service.instances} x {short_size(service.memory) if service.memory else 'no limit'}"
