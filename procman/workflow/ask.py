"""What the commands ask first: which profile is meant, what the plan is, what would be done. Writes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from procman.adapters import state as states
from procman.adapters.state import State
from procman.core.applied import Applied
from procman.core.diagnostics import Finding
from procman.core.diff import Action
from procman.core.errors import Failed, WrongUse
from procman.core.facts import Former
from procman.core.values import dataclass, replace
from procman.workflow.decide import Approved, Choice, Decision, Refused, approve, decide, recommended
from procman.workflow.load import Loaded, load_file, manifest_path
from procman.workflow.preview import preview


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would be done; `unseen` says why that cannot be known, as when another user's project is asked for."""

    actions: tuple[Action, ...]
    unseen: str | None = None


def plan(
    file: str | None, environment: Mapping[str, str], *, profile: str | None = None, ram: int | None = None
) -> Decision:
    """Return the decision that `plan` shows.

    For another machine (`ram`) without a profile that is the recommended one; for this machine what `up` would do,
    a remembered profile included.
    """
    loaded = load_file(manifest_path(file, environment), environment)
    choice = Choice(profile=profile, ram=ram)
    if ram is None:
        with contextlib.suppress(Failed):  # another user's: `actions` says so
            applied = record_of(loaded, environment)
            choice = replace(choice, profile=profile or remembered_profile(loaded, applied), former=_former(applied))
    decision = decide(loaded, choice, environment)
    if profile is None and ram is not None:
        best = recommended(decision)
        if best is not None:
            decision = decide(loaded, replace(choice, profile=best), environment)
    return decision


def actions(decision: Decision, environment: Mapping[str, str]) -> Outlook:
    """Return what `up` would do with `decision`; nothing when it could not be applied, or what runs cannot be seen."""
    try:
        approved = approve(decision)
    except Refused:
        return Outlook(())
    try:
        return Outlook(preview(approved, state_of(approved, environment), environment))
    except Failed as error:
        return Outlook((), error.message)


def for_up(
    file: str | None,
    environment: Mapping[str, str],
    *,
    profile: str | None,
    no_profile: bool,
    keep_scale: bool,
    force: bool,
) -> tuple[Approved, tuple[str, ...]]:
    """Return the approved decision that `up` applies, and what there is to say about it."""
    if profile is not None and no_profile:
        raise WrongUse("--profile and --no-profile exclude each other", "use one of them")
    loaded = load_file(manifest_path(file, environment), environment)
    applied = record_of(loaded, environment)
    said = []
    if profile is None and not no_profile:
        profile = remembered_profile(loaded, applied)
        if profile is not None:
            said.append(f"profile {profile}, as last time (--no-profile: the services as written)")
    scaled = _known_counts(loaded, applied)
    if scaled and not keep_scale:
        were = "was" if len(scaled) == 1 else "were"
        said.append(f"back to the manifest: {', '.join(scaled)} {were} scaled (--keep-scale keeps it)")
        scaled = {}
    choice = Choice(profile=profile, scale=scaled, force=force, former=_former(applied))
    return approve(decide(loaded, choice, environment)), tuple(said)


def for_render(file: str | None, environment: Mapping[str, str], profile: str | None) -> Approved:
    """Return the approved decision that `render` writes."""
    loaded = load_file(manifest_path(file, environment), environment)
    return approve(decide(loaded, Choice(profile=profile), environment))


def known(approved: Approved, environment: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return what was found of an approved project and was shown by the last `up` that was applied."""
    applied = record_of(approved.loaded, environment)
    shown = set(applied.shown) if applied is not None else set()
    return tuple(f for f in approved.warnings if (f.code, f.message) in shown)


def state_of(approved: Approved, environment: Mapping[str, str]) -> State:
    """Return the state directory of an approved project."""
    return states.state_for(approved.manifest.project, environment)


def record_of(loaded: Loaded, environment: Mapping[str, str]) -> Applied | None:
    """Return what was last applied of a manifest, by this very file."""
    if loaded.manifest is None:
        return None
    applied = states.read_record(states.state_for(loaded.manifest.project, environment))
    return applied if applied is not None and applied.path == loaded.path else None


def remembered_profile(loaded: Loaded, applied: Applied | None) -> str | None:
    """Return the profile of the last `up`, if the manifest still has it."""
    if applied is None or loaded.manifest is None:
        return None
    return applied.profile if any(p.name == applied.profile for p in loaded.manifest.profiles) else None


def _former(applied: Applied | None) -> Former:
    """Return where the programs were found the last time: `up` looks anew, and names that when it finds nothing."""
    return applied.former(used=False) if applied is not None else Former()


def _known_counts(loaded: Loaded, applied: Applied | None) -> dict[str, int]:
    if applied is None or loaded.manifest is None:
        return {}
    return {name: count for name, count in applied.scaled if loaded.manifest.service(name) is not None}
