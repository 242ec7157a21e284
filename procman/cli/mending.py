"""One manifest for `procman validate`: read, checked, and mended or compared where that is asked."""

from __future__ import annotations

import sys

import click

from procman.core.diagnostics import Finding
from procman.core.values import dataclass
from procman.workflow.check import Asked, Checked, check, read
from procman.workflow.gather import Input


@dataclass(frozen=True, slots=True)
class Mended:
    """One manifest as it is after all, and what was mended in it, or would be."""

    checked: Checked
    fixed: tuple[Finding, ...] = ()


def checked(one: Input, asked: Asked, mending: str) -> Mended:
    """Return what is found in one manifest; with `mending`, after its fixes are written (``fix``) or shown (``diff``).

    WrongUse when it cannot be read, Failed when it cannot be written.
    """
    stdin = sys.stdin.buffer.read(asked.limits.size + 1) if one.stdin else b""
    data = read(one, stdin, asked.limits)
    found = check(one, data, asked)
    if not mending and not any(f.fix for f in found.findings):
        return Mended(found)
    from procman.workflow import mend

    if not mending:
        return Mended(mend.proved(found))
    after, fixed = mend.mended(found, lambda text: check(one, text, asked))
    if mending == "diff":
        click.echo(_diff(found, after), nl=False)
        # What is reported is what stands in the file, less what the diff mends.
        return Mended(after, fixed)
    if one.stdin:
        sys.stdout.buffer.write(after.data)
    elif fixed:
        mend.write(after)
    return Mended(after, fixed)


def _diff(before: Checked, after: Checked) -> str:
    """Return the change as patch(1) takes it."""
    if before.data == after.data:
        return ""
    from difflib import unified_diff

    old, new = (one.source.text.splitlines(keepends=True) for one in (before, after))
    lines = unified_diff(old, new, before.name, after.name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
