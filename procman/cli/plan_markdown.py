"""A plan as Markdown for a comment on a pull request. Layout only; texts from the manifest cannot break a table."""

from __future__ import annotations

from collections.abc import Sequence

from procman.cli.action_text import mark, summary, word
from procman.cli.plan_words import counted, recommendation, share, verdict_words
from procman.core.diff import Action, Do
from procman.core.plan import Plan
from procman.core.quantity import format_size, short_size
from procman.core.suggest import Suggestion
from procman.core.words import visible

Row = Sequence[str]


def markdown(plan: Plan, actions: tuple[Action, ...], suggestions: tuple[Suggestion, ...]) -> str:
    """Return the plan: verdict, budget, services, profiles, what makes it fit and the diff (folded)."""
    profile = f", profile `{plan.profile}`" if plan.profile else ""
    fits = "fits" if plan.fits else "does not fit"
    parts = [
        f"### `{plan.project}`{profile}: {fits}, {verdict_words(plan)}",
        _budget(plan),
        _services(plan),
        *([_profiles(plan)] if plan.profiles else []),
        *(["Any one of these makes it fit:\n\n" + _list(map(str, suggestions))] if suggestions else []),
        *([_diff(actions)] if actions else []),
    ]
    return "\n\n".join(parts)


def _budget(plan: Plan) -> str:
    budget = plan.budget
    kept = "needed by others now" if budget.kept > budget.reserve else "reserve"
    return (
        f"{format_size(plan.required)} of {format_size(budget.usable)} usable ({share(plan.required, plan)}): "
        f"{format_size(budget.machine.ram)} of RAM ({budget.machine.source}) less {format_size(budget.kept)} {kept} "
        f"and {format_size(budget.manager)} for supervisord."
    )


def _services(plan: Plan) -> str:
    rows = [
        (f"`{s.name}`", s.kind.value, counted(s), format_size(s.required), share(s.required, plan))
        for s in plan.services
    ]
    rows.append(("**sum**", "", "", f"**{format_size(plan.required)}**", f"**{share(plan.required, plan)}**"))
    return _table(("service", "kind", "instances x memory", "together", "of usable"), rows, right=(3, 4))


def _profiles(plan: Plan) -> str:
    rows = [
        (
            f"**`{p.name}`**" if p.name == plan.profile else f"`{p.name}`",
            short_size(p.ram) if p.ram else "-",
            ", ".join(f"{s.name} {counted(s)}" for s in p.services),
            format_size(p.required),
            share(p.required, plan),
            f"{p.verdict}, **recommended**" if p.recommended else str(p.verdict),
        )
        for p in plan.profiles
    ]
    heads = ("profile", "made for", "services", "needs", "of usable", "verdict")
    return f"{_table(heads, rows, right=(3, 4))}\n\n{recommendation(plan)}."


def _diff(actions: tuple[Action, ...]) -> str:
    """Return the diff in a block that is open when something changes; all that is unchanged is one line."""
    lines = []
    for action in actions:
        if action.do is not Do.KEEP or action.updates:
            lines.append(_safe(f"{mark(action)} {action.unit} {word(action)}: {action.reason}"))
            lines += [_safe(f"    {change}") for change in action.changes]
    kept = len([a for a in actions if a.do is Do.KEEP and not a.updates])
    lines += [f"= {kept} unchanged"] if kept else []
    opened = " open" if len(lines) > bool(kept) else ""
    body = "\n".join(["```diff", *lines, "```"])
    return f"<details{opened}><summary>{summary(actions)}</summary>\n\n{body}\n\n</details>"


def _safe(line: str) -> str:
    """Return `line` so that it neither ends the block nor carries control characters."""
    return visible(line).replace("`", "'")


def _list(items: map[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(heads: Row, rows: Sequence[Row], right: tuple[int, ...]) -> str:
    rule = ["---:" if i in right else "---" for i in range(len(heads))]
    lines = [heads, rule, *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
