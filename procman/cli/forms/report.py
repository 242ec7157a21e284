"""What every form is made from: what was looked at, what was found, and how a CI system calls the files."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator

from procman.core.diagnostics import Finding, Severity
from procman.core.source import Source
from procman.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run says. `files` are the names of what was looked at; `failing` are the weights that make it fail.

    `root` is the absolute folder that a CI system's paths begin at, `here` the one that the names are relative to.
    """

    files: tuple[str, ...]
    sources: tuple[Source, ...]
    findings: tuple[Finding, ...]
    failing: frozenset[Severity]
    root: str
    here: str

    def path(self, name: str) -> str:
        """Return `name` relative to the root, with slashes; absolute when it lies outside."""
        whole = os.path.normpath(os.path.join(self.here, name))  # noqa: PTH118
        inside = whole == self.root or whole.startswith(self.root.rstrip("/") + "/")
        return os.path.relpath(whole, self.root) if inside else whole

    def fingerprints(self) -> Iterator[tuple[Finding, str]]:
        """Yield each finding with a name for it that stays the same when lines move, and is no other's."""
        seen: Counter[str] = Counter()
        for finding in self.findings:
            same = f"{self.path(finding.file)}\0{finding.code}\0{finding.message}"
            seen[same] += 1
            text = f"{same}\0{seen[same]}".encode("utf-8", "replace")
            yield finding, hashlib.sha256(text).hexdigest()[:32]


def statistics(findings: Iterable[Finding]) -> list[tuple[int, Finding]]:
    """Return how often each rule spoke, most first, with one finding of it."""
    one = {finding.code: finding for finding in findings}
    many = Counter(finding.code for finding in findings)
    return sorted(((many[code], one[code]) for code in one), key=lambda row: (-row[0], row[1].code))


def advice(finding: Finding) -> str:
    """Return why and help as the lines below a message."""
    return "\n".join(f"{label}: {text}" for label, text in (("why", finding.why), ("help", finding.help)) if text)
