"""Safe fixes: which of them are proved, the text with them made, and that text written. Decides by reading again.

A fix counts when the edited text reads as the old document with the meant change and no other. What cannot be proved is
not offered: an alias that leads elsewhere, an anchor in the way, two fixes of one place.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from procman.adapters import files, yaml_reader
from procman.core.diagnostics import Finding, Fix
from procman.core.document import Node
from procman.core.edits import edited, meant, resolved, shape
from procman.core.source import Source
from procman.core.text import LARGE
from procman.core.values import replace
from procman.workflow.check import BOM, Checked

ONE_BY_ONE = 100
PASSES = 5


def proved(checked: Checked) -> Checked:
    """Return `checked` with each fix at its whole place, and without those that cannot be proved."""
    fixes = {f.fix: resolved(f.fix, checked.source.text) for f in checked.findings if f.fix is not None}
    good = _proved(checked.source, {raw: fix for raw, fix in fixes.items() if fix is not None}) if fixes else {}
    return replace(checked, findings=tuple(_with(f, good) for f in checked.findings))


def mended(checked: Checked, judge: Callable[[bytes], Checked]) -> tuple[Checked, tuple[Finding, ...]]:
    """Return `checked` after every proved fix, judged anew, and the findings that were mended. Writes nothing."""
    done: list[Finding] = []
    now = proved(checked)
    for _ in range(PASSES):
        found = [f for f in now.findings if f.fix is not None]
        if not found:
            break
        text = edited(now.source.text, [f.fix for f in found if f.fix is not None])
        mark = BOM if now.data.startswith(BOM) else b""
        done += found
        now = proved(judge(mark + text.encode()))
    return now, tuple(done)


def write(checked: Checked) -> None:
    """Write what `checked` was judged by to its file, whole, with the permissions that the file has."""
    files.write_whole(checked.path, checked.data, os.stat(checked.path).st_mode & 0o777)  # noqa: PTH116


def write_report(path: str, text: str) -> None:
    """Write a report whole, readable by all."""
    files.write_whole(path, text.encode("utf-8", "replace"), 0o644)


def _with(finding: Finding, good: dict[Fix, Fix]) -> Finding:
    return finding if finding.fix is None else replace(finding, fix=good.get(finding.fix))


def _proved(source: Source, fixes: dict[Fix, Fix]) -> dict[Fix, Fix]:
    """Return those of `fixes` (as found, to as resolved) that change what they mean to, all together."""
    before, faults = yaml_reader.read(source, source.name, LARGE)
    if before is None:
        return {}
    known = [fault.code for fault in faults]
    if _holds(source, before, known, fixes):
        return fixes
    good: dict[Fix, Fix] = {}
    for raw, fix in list(fixes.items())[:ONE_BY_ONE]:
        if _holds(source, before, known, good | {raw: fix}):
            good[raw] = fix
    return good


def _holds(source: Source, before: Node, known: list[str], fixes: dict[Fix, Fix]) -> bool:
    text = edited(source.text, fixes.values())
    after, faults = yaml_reader.read(Source(source.name, text), source.name, LARGE)
    return after is not None and [fault.code for fault in faults] == known and shape(after) == meant(before, fixes)
