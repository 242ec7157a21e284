"""A plan as the documented JSON (docs/plan-json.md). Sizes in bytes; keys are added, never renamed."""

from __future__ import annotations

from procman.core.diff import Action
from procman.core.plan import Plan, PlannedService
from procman.core.suggest import Suggestion


def plan_json(plan: Plan, actions: tuple[Action, ...], suggestions: tuple[Suggestion, ...]) -> dict[str, object]:
    """Return the JSON form of a plan, without findings."""
    budget, machine = plan.budget, plan.budget.machine
    return {
        "schema_version": 1,
        "project": plan.project,
        "profile": plan.profile,
        "ram_bytes": machine.ram,
        "ram_source": machine.source,
        "hugepages_bytes": machine.hugepages,
        "swap_bytes": machine.swap,
        "swap_used_bytes": machine.swap_used,
        "available_bytes": machine.available,
        "cores": machine.cores,
        "reserve_bytes": budget.reserve,
        "others_bytes": machine.others,
        "kept_bytes": budget.kept,
        "manager_bytes": budget.manager,
        "usable_bytes": budget.usable,
        "required_bytes": plan.required,
        "fits": plan.fits,
        "verdict": plan.verdict.value,
        "scaled": dict(plan.scaled),
        "profiles": [
            {
                "name": p.name,
                "ram_bytes": p.ram,
                "required_bytes": p.required,
                "fits": p.verdict.fits,
                "verdict": p.verdict.value,
                "recommended": p.recommended,
                "services": [_service(s) for s in p.services],
            }
            for p in plan.profiles
        ],
        "services": [_service(s) for s in plan.services],
        "suggestions": [_suggestion(s) for s in suggestions],
        "actions": [_action(a) for a in actions],
    }


def _service(service: PlannedService) -> dict[str, object]:
    return {
        "name": service.name,
        "kind": service.kind.value,
        "instances": service.instances,
        "memory_bytes": service.memory,
        "held": service.held,
        "verified": service.verified,
    }


def _suggestion(suggestion: Suggestion) -> dict[str, object]:
    changes = [{"service": c.service or None, "field": c.field, "from": c.old, "to": c.new} for c in suggestion.changes]
    return {
        "text": str(suggestion),
        "changes": changes,
        "required_bytes": suggestion.required,
        "usable_bytes": suggestion.usable,
    }


def _action(action: Action) -> dict[str, object]:
    return {
        "service": action.service,
        "instance": action.instance,
        "action": action.do.value,
        "reason": action.reason,
        "restarts": action.restarts,
        "changes": [{"field": c.field, "from": c.old, "to": c.new, "note": c.note or None} for c in action.changes],
    }
