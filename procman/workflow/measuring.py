"""`plan --measured`: what the running project has needed, beside its limits; with ``--write`` into the manifest."""

from __future__ import annotations

from collections.abc import Mapping

from procman.adapters import state as states
from procman.core.errors import Failed
from procman.core.measured import Measurement, measurements, proposals, with_limits
from procman.core.plan import Plan, make_plan
from procman.core.quantity import short_size
from procman.workflow import edit
from procman.workflow.decide import Decision
from procman.workflow.observe import observe

ADVICE = "start it with procman up, give it its usual load, and ask again"


def measured(decision: Decision, environment: Mapping[str, str]) -> tuple[Measurement, ...]:
    """Return one row per service. Failed when nothing runs, or nothing was measured yet."""
    if decision.plan is None:
        return ()
    observed = observe(states.state_for(decision.plan.project, environment))
    if observed is None:
        raise Failed("nothing is measured: the project is not running", ADVICE)
    rows = measurements(decision.plan, observed)
    if not any(row.samples for row in rows):
        raise Failed("nothing is measured yet: the manager looks every 5 seconds", ADVICE)
    return rows


def proposed(decision: Decision, rows: tuple[Measurement, ...]) -> Plan | None:
    """Return the plan with all proposals applied; None when there are none."""
    if decision.plan is None or decision.manifest is None or not proposals(rows):
        return None
    return make_plan(with_limits(decision.manifest, proposals(rows)), decision.plan.budget, decision.proofs)


def write(decision: Decision, rows: tuple[Measurement, ...], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Write the proposals to the manifest, comments kept, and return them in words; nothing when there are none.

    Failed when they would not fit, or cannot be written.
    """
    plan = proposed(decision, rows)
    if plan is None:
        return ()
    if not plan.fits:
        raise Failed(
            f"nothing is written: with these limits the plan does not fit ({plan.verdict})",
            "run fewer instances, or take more RAM: the measured peaks need it",
        )
    path, limits = decision.loaded.path, proposals(rows)
    edit.write(path, edit.with_limits(path, plan.profile, limits, environment))
    return tuple(f"{name} memory {short_size(size)}" for name, size in limits.items())
