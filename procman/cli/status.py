"""`procman status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from procman.cli import completing
from procman.cli.options import environment, file_option, format_option
from procman.core.errors import EXIT_DEGRADED, EXIT_NOT_RUNNING

if TYPE_CHECKING:
    from procman.core.deaths import Death
    from procman.core.status import InstanceStatus
    from procman.workflow.look import Report

STYLES = {
    "ready": "green",
    "running": "green",
    "starting": "yellow",
    "backoff": "yellow",
    "failed": "red",
    "held": "red",
}


@click.command(
    "status",
    epilog="""\b
Examples:
  procman status
  procman status api mqtt-0     # of these alone, the exit code too
  procman status --json | jq '.instances[] | select(.state != "ready")'

\b
Exit codes: 0 all as wanted, 1 the record cannot be read, 2 wrong use,
3 something is not as wanted, 4 manager not running,
75 another checkout owns the project.""",
)
@click.argument("names", nargs=-1, metavar="[SERVICE|INSTANCE]...", shell_complete=completing.names)
@file_option
@format_option
def command(names: tuple[str, ...], file: str | None, form: str) -> int:
    """Show what runs against what should: state, pid, uptime, memory against the limit, restarts."""
    from procman.workflow import look

    report = look.report(file, environment())
    if names and report.manager_pid is not None:
        report = look.narrowed(report, names)
    if form == "json":
        import json

        from procman.cli.status_json import document

        click.echo(json.dumps(document(report), indent=2))
    else:
        click.echo("\n".join(_lines(report)))
    if report.manager_pid is None:
        return EXIT_NOT_RUNNING
    as_wanted = all(row.as_wanted for row in report.rows)
    return 0 if as_wanted and not report.unfinished and not report.sessions_left else EXIT_DEGRADED


def _lines(report: Report) -> list[str]:
    from procman.cli.console import fitting, paint
    from procman.core.quantity import format_size
    from procman.core.words import visible

    if report.manager_pid is None:
        return _not_running(report)
    rows = [
        ("instance", "kind", "state", "pid", "uptime", "memory", "limit", "restarts"),
        *(_cells(row, dict(report.guards)) for row in report.rows),
    ]
    lines = fitting(rows, right=(3, 4, 5, 6, 7), spare=1)
    head, *body = lines
    painted = [paint(line, STYLES.get(row.state.value, "")) for line, row in zip(body, report.rows, strict=True)]
    used = sum(row.memory or 0 for row in report.rows)
    manager = f"supervisord pid {report.manager_pid}, {format_size(report.manager_memory)}"
    notes = [f"  {row.unit}: {row.held_by or row.reason}" for row in report.rows if row.held_by or row.reason]
    notes += [f"  {d.unit} died {_ago(d, report.seen_at)}: {visible(d.phrase)}" for d in report.deaths]
    notes += [f"  {row.unit} {row.memory_words}" for row in report.rows if row.memory_words]
    return [
        paint(f"{report.project}{_choice(report)}: {manager}", "bold"),
        head,
        *painted,
        f"  uses {format_size(used)}; limits {format_size(report.required)} of {format_size(report.usable)} usable",
        *_limits_note(report),
        *notes,
        *(
            f"  {s.service} runs {s.where} too: pid {s.pid} ({s.words}), {s.origin}; procman doctor says more"
            for s in report.strays
        ),
        *_verified_lines(report),
        *(
            f"  {unit}: its session at the broker is not ended and takes messages that nobody reads; procman up ends it"
            for unit in report.sessions_left
        ),
        *(["  a change is under way, or was cut short; procman up finishes it"] if report.unfinished else []),
        *([f"  {report.path} has changed since the last procman up"] if report.edited else []),
    ]


def _not_running(report: Report) -> list[str]:
    if not report.died:
        return [f"{report.project} is not running; procman up starts it", *(f"  {words}" for words in report.elsewhere)]
    return [
        f"{report.project} is not running: its manager ended without procman down; procman up starts it",
        *(
            f"  pid {pid} ({words}) was left behind and still runs; procman up or procman down ends it"
            for pid, words in report.left
        ),
    ]


def _ago(death: Death, now: float) -> str:
    from procman.core.quantity import format_time

    return f"{format_time(max(0.0, now - death.at))} ago"


def _limits_note(report: Report) -> list[str]:
    """Return who holds the hard limits, or why nobody does; nothing when there are none."""
    wanted = [row for row in report.rows if row.capped.hard is not None]
    if not wanted:
        return []
    if report.cgroup is None:
        return [
            f"  hard limits are not held by the kernel: {report.cgroup_reason or 'the manager is of an older version'}"
        ]
    without = [row.unit for row in wanted if row.pid and row.capped.by is None]
    late = f"; not yet for {', '.join(without)}, from the next start on" if without else ""
    return [f"  hard limits are held by cgroup v{report.cgroup}{late}"]


def _verified_lines(report: Report) -> list[str]:
    from procman.core.proofs import moment

    return [
        f"  {v.proof.service}: {v.proof.check} verified {moment(v.proof.at)} against {v.proof.against}"
        + ("" if v.valid else ", which has expired: procman verify")
        for v in report.verified
    ]


def _choice(report: Report) -> str:
    said = [f"profile {report.profile}"] if report.profile else []
    said += [f"{name} scaled to {count}" for name, count in report.scaled]
    return f" ({', '.join(said)})" if said else ""


def _cells(row: InstanceStatus, guards: dict[str, str]) -> tuple[str, ...]:
    from procman.core.quantity import format_size, format_time

    state = row.state.value if row.wanted or row.state.value == "stopped" else f"{row.state.value} (unwanted)"
    return (
        row.unit,
        f"{row.kind} ({guards[row.unit]})" if row.unit in guards else row.kind,
        state,
        str(row.pid or "-"),
        "-" if row.uptime is None else format_time(row.uptime),
        "-" if row.memory is None else format_size(row.memory),
        "-" if row.limit is None else format_size(row.limit),
        str(row.restarts),
    )
