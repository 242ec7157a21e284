"""What `doctor` and `verify` find: one check, its verdict, what was seen, and what helps. Values and their JSON."""

from __future__ import annotations

from enum import StrEnum

from procman.core.values import dataclass


class Verdict(StrEnum):
    """UNKNOWN is never PASS: what cannot be seen is said."""

    PASS = "PASS"  # noqa: S105 - a verdict
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


class Unknown(Exception):
    """What is to be judged cannot be asked. Never fatal: it becomes a verdict, with `help` beside it."""

    def __init__(self, reason: str, help: str) -> None:  # noqa: A002 - the word users see
        super().__init__(reason)
        self.help = help


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer; `service` is empty for what holds for the whole host."""

    service: str
    name: str
    verdict: Verdict
    evidence: str
    help: str = ""


def exit_code(checks: tuple[Check, ...]) -> int:
    """Return 1 with a FAIL, 3 when only UNKNOWN is left, else 0."""
    verdicts = {check.verdict for check in checks}
    if Verdict.FAIL in verdicts:
        return 1
    return 3 if Verdict.UNKNOWN in verdicts else 0


def document(checks: tuple[Check, ...]) -> dict[str, object]:
    """Return the documented JSON form."""
    from dataclasses import asdict  # noqa: PLC0415 - a rule loads this module, and `validate` starts cold

    return {"schema_version": 1, "checks": [asdict(check) for check in checks]}
