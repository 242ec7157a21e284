"""`plan --out` and `up --plan`: a plan is put into a file, and applied only if the world is still the same."""

from __future__ import annotations

import os
from collections.abc import Mapping

from procman.adapters import files
from procman.core import saved as core
from procman.core.diff import diff
from procman.core.errors import Failed, WrongUse
from procman.core.saved import Saved
from procman.workflow import ask
from procman.workflow.decide import Approved, Decision, Refused, approve
from procman.workflow.preview import Agreed, Before, outlook
from procman.workflow.target import Target


def save(decision: Decision, environment: Mapping[str, str], path: str) -> None:
    """Write the plan of `decision` to `path`, 0600. Failed when the plan could not be applied or not be written."""
    try:
        approved = approve(decision)
    except Refused as refused:
        raise Failed(
            f"{path} is not written: a plan with errors cannot be applied", "see the findings above"
        ) from refused
    target, before = outlook(approved, ask.state_of(approved, environment), environment)
    files.write_whole(path, core.to_json(_saved(approved, target, before)))


def read(path: str) -> Saved:
    """Return the plan in the file `path`; WrongUse when there is none."""
    try:
        data = files.read_if_there(path)
    except Failed as error:
        raise WrongUse(error.message, error.help) from error
    if data is None:
        raise WrongUse(f"there is no saved plan {path}", "make one with: procman plan --out FILE")
    try:
        return core.from_json(data)
    except ValueError as error:
        raise WrongUse(f"{path} cannot be applied: {error}", "make one with: procman plan --out FILE") from error


def agreement(saved: Saved, approved: Approved, path: str) -> Agreed:
    """Return the check that what would be done is what was saved; Failed says what has changed since."""

    def check(target: Target, before: Before) -> None:
        found = core.changed(saved, _saved(approved, target, before))
        if os.path.realpath(saved.path) != approved.loaded.path:
            found = (f"the file: it was made for {saved.path}", *found)
        if found:
            raise Failed(
                f"the plan in {path} is not applied: {', and '.join(found)} changed since it was saved",
                "look at it anew: procman plan --out FILE",
            )

    return check


def _saved(approved: Approved, target: Target, before: Before) -> Saved:
    plan = approved.plan
    actions = diff(target.wanted, before.running)
    return core.save(
        plan.project, approved.loaded.path, plan.profile, plan.budget, target.wanted, before.running, actions
    )
