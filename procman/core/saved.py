"""A plan put aside to be applied later, exactly as it was shown, and only if the world is still the same. Pure.

Holds digests of what may be secret, never the values: the file is still 0600.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from procman.core.budget import Budget
from procman.core.diff import Action, Running, Wanted
from procman.core.spec import to_records
from procman.core.values import dataclass

SCHEMA_VERSION = 1
KIND = "procman-plan"

_WORLD = (("manifest", "the manifest or its variables"), ("machine", "the machine's budget"), ("runs", "what runs"))


@dataclass(frozen=True, slots=True)
class Saved:
    """One plan of the manifest at `path` with `profile`. `manifest`, `machine` and `runs` are digests of the world.

    `actions` are those that were shown, as (instance, what is done).
    """

    project: str
    path: str
    profile: str | None
    manifest: str
    machine: str
    runs: str
    actions: tuple[tuple[str, str], ...]


def save(
    project: str,
    path: str,
    profile: str | None,
    budget: Budget,
    wanted: tuple[Wanted, ...],
    running: tuple[Running, ...],
    actions: tuple[Action, ...],
) -> Saved:
    """Return the plan with the digests of the world it was made for.

    The manifest stands for all it leads to: each instance with its argv, environment and limit. The machine is its
    RAM, the reserve and the manager; what others need from one minute to the next is judged anew when it is applied.
    """
    return Saved(
        project=project,
        path=path,
        profile=profile,
        manifest=_digest((to_records(w.spec), w.run, w.memory) for w in sorted(wanted, key=lambda w: w.spec.unit)),
        machine=_digest([(budget.machine.ram, budget.reserve, budget.manager)]),
        runs=_digest(
            (r.unit, r.alive, r.spec.digest if r.spec else None) for r in sorted(running, key=lambda r: r.unit)
        ),
        actions=tuple((a.unit, a.do.value) for a in actions),
    )


def changed(saved: Saved, now: Saved) -> tuple[str, ...]:
    """Return in words what is not as it was when `saved` was made; nothing when it may be applied."""
    found = [words for name, words in _WORLD if getattr(saved, name) != getattr(now, name)]
    if not found and saved.actions != now.actions:
        found.append("what would be done")
    return tuple(found)


def to_json(saved: Saved) -> bytes:
    """Return `saved` as the bytes of its file."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "kind": KIND,
        "project": saved.project,
        "path": saved.path,
        "profile": saved.profile,
        "world": {name: getattr(saved, name) for name, _ in _WORLD},
        "actions": [{"instance": unit, "action": do} for unit, do in saved.actions],
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def from_json(data: bytes) -> Saved:
    """Return the plan in `data`; ValueError when it is none, or of another version."""
    try:
        raw = json.loads(data)
        if raw["kind"] != KIND:
            raise ValueError("it is no saved plan")
        if raw["schema_version"] != SCHEMA_VERSION:
            raise ValueError("it was saved by another version of procman")
        world = {name: str(raw["world"][name]) for name, _ in _WORLD}
        return Saved(
            project=str(raw["project"]),
            path=str(raw["path"]),
            profile=None if raw["profile"] is None else str(raw["profile"]),
            actions=tuple((str(a["instance"]), str(a["action"])) for a in raw["actions"]),
            **world,
        )
    except (KeyError, TypeError, AttributeError, RecursionError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError("it is no saved plan, or not a whole one") from error


def _digest(rows: Iterable[object]) -> str:
    state = hashlib.blake2b(digest_size=16)
    for row in rows:
        state.update(repr(row).encode("utf-8", "surrogateescape") + b"\0")
    return state.hexdigest()
