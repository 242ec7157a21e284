"""The codes of syntax and schema, PM001 to PM099: what the reader and the checker stamp on findings.

A code never changes its meaning. The codes of rules live with the rules.
"""

from __future__ import annotations

from procman.core.diagnostics import Finding, Fix, Related, Severity
from procman.core.source import Span
from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of fault: its name for good, its weight, and why it matters."""

    name: str
    why: str
    severity: Severity = Severity.ERROR


CODES = {
    "PM001": Code("yaml-syntax", "what cannot be read for certain is not guessed at"),
    "PM002": Code("duplicate-key", "YAML readers silently keep one of the two, and not all keep the same"),
    "PM003": Code("unknown-key", "a misspelt key would be ignored, and its default used without a word"),
    "PM004": Code("missing-key", "there is no default that would be right for everybody"),
    "PM005": Code("wrong-type", "a value of another type would have to be guessed at"),
    "PM006": Code("bad-name", "names become file names, process names and variables, where other characters break"),
    "PM007": Code("empty-manifest", "an empty file is more often a slip than a wish to run nothing"),
    "PM008": Code("unset-variable", "an empty text in its place would start the service with a wrong value"),
    "PM009": Code("unsupported-version", "another version may mean other things with the same words"),
    "PM010": Code("bad-value", "a value that cannot mean anything is a slip, and starting on a guess would hide it"),
    "PM011": Code("suppression-malformed", "who wrote it believes that something is suppressed, and nothing is"),
    "PM012": Code("suppression-unreasoned", "in a year nobody knows whether it still holds", Severity.WARNING),
    "PM013": Code("suppression-unknown", "what it was to suppress is still told, or was never found", Severity.WARNING),
    "PM014": Code("suppression-unused", "it would hide the finding when it comes back", Severity.WARNING),
    "PM015": Code("suppression-refused", "a promise to every user is no matter of taste", Severity.WARNING),
}


def finding(
    code: str,
    message: str,
    *,
    file: str,
    span: Span,
    help: str = "",  # noqa: A002 - the word users see
    related: tuple[Related, ...] = (),
    fix: Fix | None = None,
) -> Finding:
    """Return the finding that `code` stands for; KeyError when the code is not of this family."""
    kind = CODES[code]
    return Finding(code, kind.name, kind.severity, message, file, span, kind.why, help, related, fix)
