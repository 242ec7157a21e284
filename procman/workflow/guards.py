"""What keeps a second consumer away now, and whether one runs elsewhere: what `status` says of both."""

from __future__ import annotations

import time

from procman.adapters import locks, processes, strays
from procman.adapters import state as states
from procman.adapters.state import State
from procman.core.applied import Applied
from procman.core.manifest import Kind
from procman.core.observed import Observed
from procman.core.proofs import LIFETIME, Proof, Proofs, holds
from procman.core.spec import Spec
from procman.core.strays import Stray
from procman.core.values import dataclass
from procman.workflow.running import read_spec


def guards(observed: Observed, applied: Applied) -> tuple[tuple[str, str], ...]:
    """Return the unit of each singleton and each member of a consumer that runs, with one word: what holds it."""
    table = processes.parents()
    return tuple(
        (spec.unit, locks.guard(spec, processes.tree(unit.pid, table)))
        for spec in _singletons(observed, applied)
        if (unit := observed.unit(spec.unit)) is not None and unit.pid
    )


def seen_outside(observed: Observed, applied: Applied) -> tuple[Stray, ...]:
    """Return the processes outside the project that surely run the command of one of its singletons."""
    specs = _singletons(observed, applied)
    return tuple(s for s in strays.find(specs, observed.manager_pid) if s.sure) if specs else ()


@dataclass(frozen=True, slots=True)
class Verified:
    """What was verified of a consumer of the applied manifest, and whether that still holds."""

    proof: Proof
    valid: bool
    expires: float


def verified(state: State, applied: Applied) -> tuple[Verified, ...]:
    """Return what is on record of the consumers as they were applied; what was verified of another wording is none."""
    found = states.read_proofs(state)
    if not found:
        return ()
    from procman.workflow.load import load_applied  # noqa: PLC0415 - few projects have anything on record

    manifest = load_applied(applied).manifest
    if manifest is None:
        return ()
    now = time.time()
    known = Proofs(found, now, base=manifest.base)
    wanted = {s.name: known.wording(s) for s in manifest.services if s.consumes is not None}
    return tuple(
        Verified(proof, holds(proof, now), proof.at + LIFETIME)
        for proof in found
        if wanted.get(proof.service) == proof.fingerprint
    )


def _singletons(observed: Observed, applied: Applied) -> tuple[Spec, ...]:
    names = {s.name for s in applied.services if s.kind == Kind.SINGLETON.value or not s.probed}
    found = (read_spec(unit.spec) for unit in observed.units if unit.unit.rpartition("-")[0] in names)
    return tuple(spec for spec in found if spec is not None and spec.kind is Kind.SINGLETON)
