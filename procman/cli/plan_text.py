"""A plan and its actions as text and as JSON. Layout only; every figure comes from the plan."""

from __future__ import annotations

from procman.cli.console import paint, table
from procman.core.budget import Verdict
from procman.core.diff import Action, Do
from procman.core.plan import Plan
from procman.core.quantity import format_size, short_size

MARKS = {Do.START: "+", Do.STOP: "-", Do.REPLACE: "~", Do.KEEP: "="}
STYLES = {Do.START: "green", Do.STOP: "red", Do.REPLACE: "yellow", Do.KEEP: "dim"}


def plan_lines(plan: Plan) -> list[str]:
    """Return the plan as lines of at most 80 columns."""
    budget = plan.budget
    profile = f", profile {plan.profile}" if plan.profile else ""
    fits = paint("fits", "green") if plan.fits else paint("does not fit", "red")
    lines = [
        paint(f"{plan.project}{profile}", "bold") + f": {fits}, {verdict_words(plan)}",
        "",
        f"  {format_size(budget.machine.ram)} of RAM ({budget.machine.source})",
        f"  less {format_size(budget.reserve)} reserve and {format_size(budget.manager)} for supervisord",
        f"  leave {format_size(budget.usable)} for services",
        "",
    ]
    if plan.profiles:
        lines += [*_profiles(plan), ""]
    lines += _services(plan)
    for name, count in plan.scaled:
        lines.append(f"  {name} runs {count} by `procman scale`; the next `procman up` returns to the manifest")
    return lines


def verdict_words(plan: Plan) -> str:
    """Return the verdict, with what there is to say of swap."""
    if plan.verdict is Verdict.SAFE_WITH_SWAP and plan.budget.machine.swap == 0:
        return f"{plan.verdict} (this machine has no swap: add some)"
    return str(plan.verdict)


def action_lines(actions: tuple[Action, ...]) -> list[str]:
    """Return one line per action, and a summary."""
    rows = [(MARKS[a.do], a.unit, a.do.value, a.reason) for a in actions]
    lines = table(rows) if rows else []
    return [*(paint(line, STYLES[a.do]) for line, a in zip(lines, actions, strict=True)), summary(actions)]


def summary(actions: tuple[Action, ...]) -> str:
    """Return the actions counted, in one line."""
    if all(a.do is Do.KEEP for a in actions):
        return f"nothing to change: {len(actions)} unchanged"
    count = {do: sum(a.do is do for a in actions) for do in Do}
    return (
        f"{count[Do.START]} to start, {count[Do.REPLACE]} to replace, "
        f"{count[Do.STOP]} to stop, {count[Do.KEEP]} unchanged"
    )


def plan_json(plan: Plan, actions: tuple[Action, ...]) -> dict[str, object]:
    """Return the documented JSON form of a plan, without findings. Sizes in bytes."""
    budget = plan.budget
    return {
        "schema_version": 1,
        "project": plan.project,
        "profile": plan.profile,
        "ram_bytes": budget.machine.ram,
        "ram_source": budget.machine.source,
        "reserve_bytes": budget.reserve,
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
            }
            for p in plan.profiles
        ],
        "services": [
            {"name": s.name, "kind": s.kind.value, "instances": s.instances, "memory_bytes": s.memory}
            for s in plan.services
        ],
        "actions": [
            {"service": a.service, "instance": a.instance, "action": a.do.value, "reason": a.reason} for a in actions
        ],
    }


def _profiles(plan: Plan) -> list[str]:
    rows = [("", "profile", "made for", "needs", "of usable", "verdict")]
    for p in plan.profiles:
        mark = ">" if p.name == plan.profile else ""
        verdict = f"{p.verdict}, recommended" if p.recommended else str(p.verdict)
        ram = short_size(p.ram) if p.ram else "-"
        rows.append((mark, p.name, ram, format_size(p.required), _share(p.required, plan), verdict))
    return table(rows, right=(2, 3, 4))


def _services(plan: Plan) -> list[str]:
    rows = [("service", "kind", "instances", "memory each", "together")]
    for s in plan.services:
        each = format_size(s.memory) if s.memory else "no limit"
        rows.append((s.name, s.kind.value, str(s.instances), each, format_size(s.required)))
    rows.append(("sum", "", "", "", format_size(plan.required)))
    lines = table(rows, right=(2, 3, 4))
    lines[-1] += f" = {_share(plan.required, plan)} of usable"
    return lines


def _share(size: int, plan: Plan) -> str:
    usable = plan.budget.usable
    return f"{size * 100 / usable:.0f} %" if usable else "-"
