"""`procman status --json`: the documented form of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from procman.core.deaths import Death
    from procman.core.status import InstanceStatus
    from procman.workflow.look import Report


def document(report: Report) -> dict[str, object]:
    """Return `report` as it is written."""
    return {
        "schema_version": 1,
        "project": report.project,
        "profile": report.profile,
        "scaled": dict(report.scaled),
        "manifest": {"path": report.path, "changed": report.edited},
        "unfinished": report.unfinished,
        "sessions_left": list(report.sessions_left),
        "manager": {
            "pid": report.manager_pid,
            "state": report.manager_state,
            "memory_bytes": report.manager_memory or None,
            "protections": _protections(report),
            "cgroup": {"version": report.cgroup, "reason": report.cgroup_reason},
            "placement": {"method": report.placement, "reason": report.placement_reason},
            "died": report.died,
        },
        "left_behind": [{"pid": pid, "command": words} for pid, words in report.left],
        "verified": _verified(report),
        "strays": [
            {"service": s.service, "pid": s.pid, "command": s.words, "user": s.user, "origin": s.origin, "stop": s.stop}
            for s in report.strays
        ],
        "required_bytes": report.required,
        "usable_bytes": report.usable,
        "instances": [_instance(row, report) for row in report.rows],
    }


def _verified(report: Report) -> list[dict[str, object]]:
    from procman.core.proofs import moment

    return [
        {
            "service": v.proof.service,
            "check": v.proof.check,
            "at": moment(v.proof.at),
            "expires": moment(v.expires),
            "valid": v.valid,
            "against": v.proof.against,
            "evidence": v.proof.evidence,
        }
        for v in report.verified
    ]


def _instance(row: InstanceStatus, report: Report) -> dict[str, object]:
    death = next((d for d in report.deaths if d.unit == row.unit), None)
    return {
        "service": row.service,
        "instance": row.instance,
        "kind": row.kind,
        "state": row.state.value,
        "wanted": row.wanted,
        "pid": row.pid,
        "uptime_seconds": None if row.uptime is None else round(row.uptime, 3),
        "memory_bytes": row.memory,
        "memory_peak_bytes": row.memory_peak,
        "memory_usual_bytes": row.memory_usual,
        "memory_near": row.capped.near,
        "memory_replacements": row.capped.replaced,
        "limit_bytes": row.limit,
        "hard_limit_bytes": row.capped.hard,
        "hard_limit_by": row.capped.by,
        "restarts": row.restarts,
        "held_by": row.held_by,
        "guard": dict(report.guards).get(row.unit),
        "reason": row.reason,
        "last_death": None if death is None else _death(death),
    }


def _death(death: Death) -> dict[str, object]:
    from procman.cli.events import rfc3339

    return {"at": rfc3339(death.at), "cause": death.cause.value, "text": death.phrase}


def _protections(report: Report) -> dict[str, bool]:
    """Return what the kernel lends to the guarantee here; `cgroup`: it ends what exceeds its hard limit."""
    runs = report.manager_pid is not None
    return {
        "lock": runs,
        "death_signal": runs,
        "process_group": runs,
        "subreaper": report.adopts,
        "cgroup": report.cgroup is not None,
    }
