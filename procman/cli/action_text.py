"""Actions as lines: what is done with each instance, what changed of it, and whether it restarts. Layout only."""

from __future__ import annotations

from procman.cli.console import paint, table
from procman.core.diff import Action, Do

COLUMNS = 80
MARKS = {Do.START: "+", Do.STOP: "-", Do.REPLACE: "~", Do.KEEP: "="}
STYLES = {Do.START: "green", Do.STOP: "red", Do.REPLACE: "yellow", Do.KEEP: "dim"}


def action_lines(actions: tuple[Action, ...]) -> list[str]:
    """Return one line per action with its changes below, and a summary."""
    rows = [(mark(a), a.unit, word(a), _reason(a)) for a in actions]
    lines: list[str] = []
    for line, action in zip(table(rows) if rows else [], actions, strict=True):
        style = "yellow" if action.updates else STYLES[action.do]
        lines += [paint(part, style) for part in wrapped(line, " " * 7)]
        for change in action.changes:
            lines += wrapped(f"       {change}", " " * 9)
    return [*lines, summary(actions)]


def wrapped(line: str, indent: str) -> list[str]:
    """Return `line` in parts of at most 80 columns; what follows the first has `indent` before it."""
    if len(line) <= COLUMNS:
        return [line]
    from textwrap import wrap

    head = line[: len(line) - len(line.lstrip())]
    return wrap(
        line.strip(),
        COLUMNS,
        initial_indent=head,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def mark(action: Action) -> str:
    """Return ``+``, ``~``, ``-`` or ``=``; what changes without a restart is a ``~`` as well."""
    return "~" if action.updates else MARKS[action.do]


def word(action: Action) -> str:
    """Return what is done, in one word."""
    return "update" if action.updates else action.do.value


def summary(actions: tuple[Action, ...]) -> str:
    """Return the actions counted, in one line."""
    updates = sum(a.updates for a in actions)
    if all(a.do is Do.KEEP for a in actions) and not updates:
        return f"nothing to change: {len(actions)} unchanged"
    count = {do: sum(a.do is do for a in actions) for do in Do}
    return (
        f"{count[Do.START]} to start, {count[Do.REPLACE]} to replace, {count[Do.STOP]} to stop, "
        + (f"{updates} to update without a restart, " if updates else "")
        + f"{count[Do.KEEP] - updates} unchanged"
    )


def _reason(action: Action) -> str:
    return f"{action.reason}; restarts" if action.restarts else action.reason
