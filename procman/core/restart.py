"""What an end of a process leads to: start again at once, later, or not at all. Pure; the plugin in supervisord asks.

The values are named tuples: with dataclasses (and `core.manifest`) supervisord would be 1.3 MB larger.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from procman.core.manifest import Restart

ALWAYS, ON_FAILURE, NEVER = "always", "on-failure", "never"
POLICIES = (ALWAYS, ON_FAILURE, NEVER)

SPREAD = 0.2
"""A pause after the second failure is up to this share longer, so that what failed together does not start together."""


SLOT = 0.05
"""Seconds for one of the starts of a crowd: at most twenty in a second."""

FEW = 10
"""So many that end before they count as started are started again at once; more of them are a crowd."""


class Allowance(NamedTuple):
    """The fields of `manifest.Restart`, as they travel in an environment variable. Times in seconds."""

    max: int = 5
    within: float = 60.0
    delay: float = 1.0
    policy: str = ALWAYS
    factor: int = 2
    longest: float = 60.0
    retry: float | None = 300.0
    codes: tuple[int, ...] = (0,)


class Decision(NamedTuple):
    """`failures`: those that still count, the new one last. `wait`: seconds until the start, None for never.

    `spent`: this was one failure too many; the start after `wait` is the one new try.
    """

    failures: tuple[float, ...]
    wait: float | None
    spent: bool = False


def completes(code: int | None, policy: Restart | Allowance) -> bool:
    """Tell whether an exit with `code` (None: ended by a signal) is the end that was wanted."""
    return policy.policy != ALWAYS and code in policy.codes


def decide(failures: tuple[float, ...], now: float, policy: Restart | Allowance, chance: float = 0.0) -> Decision:
    """Return what follows from a failure at `now` after the earlier `failures` (seconds of one steady clock).

    The first failure within `policy.within` is followed by a start at once, the second by one after `policy.delay`,
    each further one by a pause `policy.factor` times as long, up to `policy.longest`. `chance`, from 0 to 1, spreads
    them. More than `policy.max` failures end it, until `policy.retry` has passed.

    What a pause is longer than `policy.delay` does not count as time: else growing pauses would hide a loop, and a unit
    that is tried again would have all its failures forgiven.
    """
    if policy.policy == NEVER:
        return Decision((now,), None, spent=True)
    recent = (*(then for then in failures if now - then < policy.within), now)
    if len(recent) > policy.max:
        pause = policy.retry
        # the last ones are enough to say "one too many" again
        kept = recent[-policy.max :] if policy.max else ()
        return Decision(_later(kept, pause or 0.0), pause, spent=True)
    if len(recent) == 1:
        return Decision(recent, 0.0)
    longest = max(policy.longest, policy.delay)
    pause = min(longest, policy.delay * float(policy.factor) ** (len(recent) - 2))
    pause *= 1 + SPREAD * chance * (len(recent) > 2)  # noqa: PLR2004 - the second waits for `delay`, as is written
    return Decision(_later(recent, pause - policy.delay), pause)


def postponed(decision: Decision, taken: set[int], now: float, *, quick: bool = True) -> Decision:
    """Return `decision` with a start that no other has in its `SLOT`, and add that to those `taken`, numbered from 0.

    A crowd that fails together would else be started together, and a fork takes long enough for the others to wait. A
    start at once stays one, unless the process was `quick` to end and `FEW` others have a slot.
    """
    if decision.wait is None:
        return decision
    taken -= {past for past in taken if past * SLOT < now}
    if not decision.wait and not quick:
        return decision
    crowded = bool(decision.wait) or len(taken) >= FEW
    number = math.ceil((now + decision.wait) / SLOT)
    while number in taken:
        number += 1
    taken.add(number)
    wait = max(decision.wait, number * SLOT - now) if crowded else 0.0
    return decision._replace(wait=wait, failures=_later(decision.failures, wait - decision.wait))


def to_text(policy: Restart | Allowance) -> str:
    """Return `policy` as ``MAX WITHIN DELAY``, the form of PROCMAN_RESTART; with all other fields when one is unusual.

    So that a unit that says nothing of them keeps the spec that it was started with.
    """
    usual = Allowance()
    text = f"{policy.max} {policy.within!r} {policy.delay!r}"
    rest = (policy.policy, policy.factor, policy.longest, policy.retry, policy.codes)
    if rest == usual[3:]:
        return text
    retry = "never" if policy.retry is None else repr(policy.retry)
    codes = ",".join(map(str, policy.codes))
    return f"{text} {policy.policy!s} {policy.factor} {policy.longest!r} {retry} {codes}"


def from_text(text: str) -> Allowance:
    """Return what `to_text` wrote; ValueError when it is something else."""
    most, within, delay, *rest = text.split(" ")
    allowance = Allowance(int(most), float(within), float(delay))
    if rest:
        policy, factor, longest, retry, codes = rest
        allowance = allowance._replace(
            policy=policy,
            factor=int(factor),
            longest=float(longest),
            retry=None if retry == "never" else float(retry),
            codes=tuple(map(int, codes.split(","))),
        )
    if not _is_sound(allowance):
        raise ValueError(f"'{text}' is no restart policy")
    return allowance


def _is_sound(policy: Allowance) -> bool:
    endless = float("inf")
    retry = 1.0 if policy.retry is None else policy.retry
    times = 0 < policy.within < endless and 0 <= policy.delay < endless and 0 <= policy.longest < endless
    return policy.max >= 0 and times and 0 < retry < endless and policy.factor >= 1 and policy.policy in POLICIES


def _later(failures: tuple[float, ...], seconds: float) -> tuple[float, ...]:
    return tuple(then + max(0.0, seconds) for then in failures)
