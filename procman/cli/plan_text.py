"""A plan as text of at most 80 columns. Layout only; every figure comes from the plan."""

from __future__ import annotations

from procman.cli.bars import Marks, bar
from procman.cli.console import paint, table
from procman.cli.plan_all import side_by_side
from procman.cli.plan_words import recommendation, share, verdict_words
from procman.core.plan import Plan
from procman.core.quantity import format_size, short_size
from procman.core.suggest import Suggestion

WIDTH = 80
COLUMNS = 80
MACHINE_BAR = 68
SERVICE_BAR = 24
SHORTEST_BAR = 6


def plan_lines(plan: Plan, suggestions: tuple[Suggestion, ...], marks: Marks, *, everything: bool = False) -> list[str]:
    """Return the plan as lines; with `everything` all profiles side by side."""
    lines = [*budget_lines(plan, marks), ""]
    if everything:
        lines += [*side_by_side(plan), ""]
    elif plan.profiles:
        lines += [*_profiles(plan), ""]
    lines += _services(plan, marks)
    lines += _held(plan)
    for name, count in plan.scaled:
        lines.append(f"  {name} runs {count} by `procman scale`; the next `procman up` returns to the manifest")
    return [*lines, *(["", *suggestion_lines(suggestions)] if suggestions else [])]


def budget_lines(plan: Plan, marks: Marks) -> list[str]:
    """Return the verdict, what leads from the machine's RAM to what services may use, and a bar of it."""
    budget, machine = plan.budget, plan.budget.machine
    profile = f", profile {plan.profile}" if plan.profile else ""
    fits = paint("fits", "green") if plan.fits else paint("does not fit", "red")
    return [
        paint(f"{plan.project}{profile}", "bold") + f": {fits}, {verdict_words(plan)}",
        "",
        f"  {format_size(machine.ram)} of RAM ({machine.source})",
        f"  less {_kept(plan)} and {format_size(budget.manager)} for supervisord",
        f"  leave {format_size(budget.usable)} for services",
        *_here(plan),
        "",
        *_machine_bar(plan, marks),
    ]


def suggestion_lines(suggestions: tuple[Suggestion, ...]) -> list[str]:
    """Return what makes the plan fit, each suggestion wrapped."""
    from textwrap import wrap

    lines = ["  any one of these makes it fit:"]
    for i, s in enumerate(suggestions):
        words = f"{s} (then {format_size(s.required)} of {format_size(s.usable)})"
        lines += wrap(words, COLUMNS, initial_indent="        " if i == 0 else "    or  ", subsequent_indent=" " * 10)
    return lines


def _held(plan: Plan) -> list[str]:
    from textwrap import wrap

    lines = []
    for service in plan.services:
        said = f"{service.name} is held at one instance: {service.held}" if service.held is not None else ""
        if service.verified is not None and service.instances > 1:
            said = f"{service.name} may run more than once: {service.verified}"
        if said:
            lines += wrap(said, WIDTH, initial_indent="  ", subsequent_indent="    ")
    return lines


def _kept(plan: Plan) -> str:
    budget = plan.budget
    if budget.kept > budget.reserve:
        return f"{format_size(budget.kept)} that others need now (reserve: {format_size(budget.reserve)})"
    return f"{format_size(budget.reserve)} reserve"


def _here(plan: Plan) -> list[str]:
    """Return what is known of this machine beyond its RAM; nothing of one that was only named."""
    machine = plan.budget.machine
    said = []
    if machine.others is not None and plan.budget.kept == plan.budget.reserve:
        said.append(f"others need {format_size(machine.others)} of the reserve now")
    if machine.swap is not None:
        used = f" ({format_size(machine.swap_used)} used)" if machine.swap_used else ""
        said.append(f"swap {format_size(machine.swap)}{used}" if machine.swap else "no swap")
    if machine.hugepages:
        said.append(f"{format_size(machine.hugepages)} in huge pages left out")
    if machine.cores is not None:
        said.append(f"{machine.cores} core{'s' if machine.cores > 1 else ''}")
    return [f"  {'; '.join(said)}"] if said else []


def _machine_bar(plan: Plan, marks: Marks) -> list[str]:
    budget = plan.budget
    inside = min(plan.required, budget.usable)
    over = plan.required - inside
    left = max(0, budget.machine.ram - plan.required)
    manager = min(budget.manager, left)
    kept = min(budget.kept, left - manager)
    parts = [
        ("services", inside, marks.services),
        ("over budget", over, marks.over),
        ("free", left - manager - kept, marks.free),
        ("kept for others" if budget.kept > budget.reserve else "reserve", kept, marks.reserve),
        ("supervisord", manager, marks.manager),
    ]
    line = bar([(size, mark) for _, size, mark in parts], max(budget.machine.ram, plan.required), MACHINE_BAR)
    legend = [f"{mark} {name} {size >> 20:,}" for name, size, mark in parts if size]
    return [f"  RAM  {line}", f"       {'  '.join(legend)} MiB"]


def _profiles(plan: Plan) -> list[str]:
    rows = [("", "profile", "made for", "needs", "of usable", "verdict")]
    for p in plan.profiles:
        mark = ">" if p.name == plan.profile else ""
        verdict = f"{p.verdict}, recommended" if p.recommended else str(p.verdict)
        ram = short_size(p.ram) if p.ram else "-"
        rows.append((mark, p.name, ram, format_size(p.required), share(p.required, plan), verdict))
    return [*table(rows, right=(2, 3, 4)), f"  {recommendation(plan)}"]


def _services(plan: Plan, marks: Marks) -> list[str]:
    """Return the table of services, each with a bar of its part where there is room for one."""
    rows = [("service", "kind", "instances", "memory each", "together")]
    for s in plan.services:
        each = format_size(s.memory) if s.memory else "no limit"
        rows.append((s.name, s.kind.value, str(s.instances), each, format_size(s.required)))
    rows.append(("sum", "", "", "", format_size(plan.required)))
    lines = table(rows, right=(2, 3, 4))
    width = min(SERVICE_BAR, COLUMNS - max(map(len, lines)) - 2)
    most = max(plan.budget.usable, plan.required)
    if width >= SHORTEST_BAR:
        for i, s in enumerate(plan.services, 1):
            lines[i] += "  " + bar([(s.required, marks.services), (most - s.required, marks.free)], most, width)
    said = f" = {share(plan.required, plan)} of usable"
    if len(lines[-1] + said) > COLUMNS:
        return [*lines, said.rjust(COLUMNS)]
    lines[-1] += said
    return lines
