"""Checking without applying: a manifest's text becomes findings, those of each profile included. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from procman.core.codes import CODES
from procman.core.diagnostics import MOST_FOUND, Finding, by_place, kept
from procman.core.errors import WrongUse
from procman.core.manifest import with_profile
from procman.core.selection import SECRET, Selection
from procman.core.source import Source, Span
from procman.core.text import USUAL, Limits
from procman.core.values import dataclass, replace
from procman.rules import engine
from procman.rules.base import Context
from procman.rules.index import RULES
from procman.workflow.decide import Choice, Decision, decide
from procman.workflow.gather import Input
from procman.workflow.load import load_data

MOST_PAIRS = 20_000
"""Services times profiles that are checked one by one: 13 profiles of 1,500 services, every one of 200."""

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Asked:
    """What to check by. Without a profile or a size of RAM in `choice`, every profile is checked."""

    choice: Choice
    environment: Mapping[str, str]
    selection: Selection = Selection()
    limits: Limits = USUAL


@dataclass(frozen=True, slots=True)
class Checked:
    """One manifest and what counts of what was found; `left_out` is how much more there is.

    `data` is what was read; `secrets` are places that must not be shown, whether or not their findings count.
    """

    input: Input
    data: bytes
    source: Source
    path: str
    findings: tuple[Finding, ...]
    left_out: int = 0
    secrets: tuple[Span, ...] = ()

    @property
    def name(self) -> str:
        """Return the name by which people know the file."""
        return self.input.name


def known_codes() -> dict[str, str]:
    """Return the name of every rule and every fault of syntax, by code."""
    return {code: kind.name for code, kind in CODES.items()} | {rule.CODE: rule.NAME for rule in RULES}


def read(one: Input, stdin: bytes, limits: Limits) -> bytes:
    """Return the bytes of one input, one more than `limits` at most. WrongUse when they cannot be read."""
    if one.stdin:
        return stdin
    try:
        with open(one.name, "rb") as file:  # noqa: PTH123
            return file.read(limits.size + 1)
    except OSError as error:
        raise WrongUse(f"cannot read {one.name}: {error.strerror}", "check the path and its permissions") from error


def check(one: Input, data: bytes, asked: Asked) -> Checked:
    """Return what is found in `data`, judged as the file that `one` names."""
    loaded = load_data(data, one.name, asked.environment, asked.limits)
    decision = decide(loaded, asked.choice, asked.environment)
    found = [*decision.findings, *_of_profiles(decision, asked.choice)]
    secrets = tuple(dict.fromkeys(f.span for f in found if f.code in SECRET))
    counted = by_place([f for f in found if asked.selection.keeps(f)])
    return Checked(one, data, loaded.source, loaded.path, kept(counted), max(0, len(counted) - MOST_FOUND), secrets)


def _of_profiles(decision: Decision, choice: Choice) -> Iterable[Finding]:
    """Return what is wrong under a profile only. Whether it fits is asked of the RAM that it names itself (PM102)."""
    if decision.manifest is None or choice.profile is not None or choice.ram is not None:
        return
    seen = {(f.code, f.span) for f in decision.findings}
    # Bounded work: with very many services the first profiles are checked; PM2 looks at all of them anyway.
    for profile in decision.manifest.profiles[: max(1, MOST_PAIRS // len(decision.manifest.services or (0,)))]:
        # What is said of profiles as such was said above.
        overlaid = replace(with_profile(decision.manifest, profile.name), profiles=())
        for finding in engine.run(Context(overlaid, decision.facts, proofs=decision.proofs)):
            if (finding.code, finding.span) not in seen:
                seen.add((finding.code, finding.span))
                named = f"'{profile.name}'" in finding.message
                words = finding.message if named else f"{finding.message} (under the profile '{profile.name}')"
                yield replace(finding, message=words)
