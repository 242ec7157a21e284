"""`procman up`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from procman.cli.options import environment, file_option

if TYPE_CHECKING:
    from procman.core.plan import Plan
    from procman.core.saved import Saved


@click.command(
    "up",
    epilog="""\b
Examples:
  procman up                      # start, or change what differs
  procman up --profile stable     # remembered until another up says otherwise
  procman up --plan plan.json     # what procman plan --out has saved
  procman up --dry-run            # the very actions, none taken
  procman up --foreground         # for systemd and containers

\b
Exit codes: 0 ready, 1 refused or failed (what ran before runs), 2 wrong use,
75 a lock is held elsewhere, the consumer runs outside procman, or another
checkout owns the project.""",
)
@file_option
@click.option("--profile", metavar="NAME", help="Lay this profile over the services, now and from now on.")
@click.option("--no-profile", is_flag=True, help="Forget the profile: the services as written.")
@click.option("plan_file", "--plan", metavar="FILE", help="Apply exactly the plan that procman plan --out saved.")
@click.option("--keep-scale", is_flag=True, help="Keep what procman scale set, instead of returning to the manifest.")
@click.option("--force", is_flag=True, help="Start a plan that is over budget but within the machine's RAM.")
@click.option("--takeover", is_flag=True, help="End the same consumer where it runs outside procman, then start.")
@click.option("--dry-run", is_flag=True, help="Show the actions and write nothing.")
@click.option("--foreground", is_flag=True, help="Stay in the foreground until the manager ends.")
def command(
    file: str | None,
    profile: str | None,
    no_profile: bool,
    plan_file: str | None,
    keep_scale: bool,
    force: bool,
    takeover: bool,
    dry_run: bool,
    foreground: bool,
) -> int:
    """Make the project what the manifest says, and wait until it is ready. What needs no change keeps its pid."""
    from procman.cli import findings as output
    from procman.cli import speech
    from procman.cli.console import talk
    from procman.workflow import ask, operate, saving
    from procman.workflow.preview import preview

    shell = environment()
    saved = _saved(plan_file, profile, exact=not (no_profile or keep_scale or force))
    if saved is not None:
        file, profile, no_profile = file or saved.path, saved.profile, saved.profile is None
    approved, said = ask.for_up(file, shell, profile=profile, no_profile=no_profile, keep_scale=keep_scale, force=force)
    output.show(approved.warnings, approved.loaded, sys.stderr, ask.known(approved, shell))
    for words in said:
        talk(words)
    state = ask.state_of(approved, shell)
    if dry_run:
        speech.show_actions(preview(approved, state, shell))
        return 0
    agreed = None if saved is None else saving.agreement(saved, approved, str(plan_file))
    spoken = speech.spoken(takeover=takeover)
    operate.up(approved, state, shell, spoken, forced=force, foreground=foreground, agreed=agreed)
    if foreground:
        from procman.workflow.foreground import stay

        stay(state, lambda: _announce(approved.plan))
    _announce(approved.plan)
    return 0


def _saved(path: str | None, profile: str | None, *, exact: bool) -> Saved | None:
    """Return the plan in `path`; WrongUse when an option asks for something else than it says."""
    from procman.core.errors import WrongUse
    from procman.workflow import saving

    if path is None:
        return None
    if profile is not None or not exact:
        message = "--plan applies exactly what was saved; --profile, --no-profile, --keep-scale and --force exclude it"
        raise WrongUse(message, "leave them out, or make another plan with: procman plan --out FILE")
    return saving.read(path)


def _announce(plan: Plan) -> None:
    from procman.cli.console import talk
    from procman.core.quantity import format_size

    usable = format_size(plan.budget.usable)
    talk(f"{plan.project} is ready: {format_size(plan.required)} of {usable}, {plan.verdict}")
