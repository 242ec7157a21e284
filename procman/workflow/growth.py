"""How a consumer gets more members: one by one, a canary after each, and only while its guards hold this minute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from procman.adapters import state as states
from procman.adapters.state import State
from procman.core.checks import Check, Verdict
from procman.core.diff import Action, Do, Running, changes, diff
from procman.core.errors import Failed, ProcmanError
from procman.core.manifest import Kind, Manifest
from procman.core.proofs import GUARDS
from procman.workflow.apply import apply
from procman.workflow.decide import Approved
from procman.workflow.preview import Before, seen_before
from procman.workflow.ready import Progress
from procman.workflow.target import Target, as_it_was

CANARY = ("canary",)


def steps(manifest: Manifest, running: tuple[Running, ...], counts: Mapping[str, int]) -> list[dict[str, int]]:
    """Return the counts to go through, the last being `counts`: a consumer that grows does so by one at a time."""
    now = {name: sum(r.service == name for r in running) for name in counts}
    growing = {name for name in counts if counts[name] > max(1, now[name]) and _is_consumer(manifest, name)}
    longest = max((counts[name] - max(1, now[name]) for name in growing), default=1)
    found = []
    for number in range(1, longest + 1):
        at = {name: min(counts[name], max(1, now[name]) + number) for name in growing}
        found.append({**counts, **at})
    return found


def joining(manifest: Manifest, actions: tuple[Action, ...]) -> list[str]:
    """Return the consumers that `actions` give a further member."""
    starting = [a.service for a in actions if a.do is Do.START and a.instance and _is_consumer(manifest, a.service)]
    return list(dict.fromkeys(starting))


def check_guards(
    approved: Approved, target: Target, actions: tuple[Action, ...], state: State, progress: Progress, *, sure: bool
) -> None:
    """Ask once more, now, for the guards of each consumer that gets a further member. Failed when one does not hold.

    What cannot be asked is refused when it must be `sure`; else what was verified before still counts.
    """
    for name in joining(approved.manifest, actions):
        progress(name, "asking broker and database for its guards")
        for check in _asked(approved, target, name, state, GUARDS, progress):
            if check.verdict is Verdict.FAIL:
                advice = f"{check.help}; until then one runs: procman verify {name}"
                raise Failed(f"{name} gets no further member, {check.name}: {check.evidence}", advice)
            if check.verdict is Verdict.UNKNOWN and sure and check.help:
                raise Failed(f"{name} gets no further member, {check.name} is not known: {check.evidence}", check.help)
            if check.verdict is Verdict.UNKNOWN and check.help:
                progress(name, f"{check.name} is not known now: {check.evidence}")


def fly_canary(approved: Approved, target: Target, names: list[str], state: State, progress: Progress) -> None:
    """Send canaries through each of the consumers `names` that allows it. Failed when they are not all well."""
    for name in names:
        service = approved.manifest.service(name)
        if service is None or service.consumes is None or service.consumes.canary is None:
            continue
        progress(name, "sending canary readings")
        for check in _asked(approved, target, name, state, CANARY, progress):
            if check.verdict is not Verdict.PASS:
                raise Failed(f"the canary of {name} says {check.verdict}: {check.evidence}", check.help)


@contextmanager
def undone(state: State, target: Target, before: Before, progress: Progress) -> Iterator[None]:
    """Bring back what ran `before` all steps when one of them fails, or the operator interrupts."""
    try:
        yield
    except (ProcmanError, KeyboardInterrupt):
        now = seen_before(state, states.read_record(state))
        former = as_it_was(target.project, before.running, before.applied or target.applied)
        actions = diff(former.wanted, now.running)
        if now.observed is not None and changes(actions):
            progress("", "back to what ran before")
            apply(state, former, actions, now, progress)
        raise


def _asked(
    approved: Approved, target: Target, name: str, state: State, only: tuple[str, ...], progress: Progress
) -> list[Check]:
    from procman.workflow.verify import of_consumer  # noqa: PLC0415 - few projects scale a consumer

    service = approved.manifest.service(name)
    want = target.want(f"{name}-0")
    return (
        []
        if service is None or want is None
        else of_consumer(service, want.spec, state, only, lambda words: progress(name, words))
    )


def _is_consumer(manifest: Manifest, name: str) -> bool:
    service = manifest.service(name)
    return service is not None and service.kind is Kind.SCALABLE and service.consumes is not None
