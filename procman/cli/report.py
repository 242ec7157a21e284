"""Findings as text for people: place, code, message, code frame, why and help. Prints nothing itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from procman.core.diagnostics import Finding, Severity
from procman.core.frames import frame, masked
from procman.core.selection import SECRET
from procman.core.source import Source, Span
from procman.core.text import lines_of
from procman.core.words import counted, visible

NARROWEST, USUAL = 40, 80
_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.HINT: "36"}
_GUTTER, _STRONG = "34", "1"
_NONE: Mapping[str, tuple[Span, ...]] = {}


def render_findings(
    findings: Iterable[Finding],
    sources: Iterable[Source],
    *,
    color: bool = False,
    width: int | None = None,
    fixes: bool = False,
    closing: str | None = None,
    secrets: Mapping[str, tuple[Span, ...]] = _NONE,
    wrapped: bool = False,
) -> str:
    """Return every finding with its frame, then a summary line. A finding without a source has no frame.

    `width` is that of the terminal in columns; left out, it is asked of the terminal, 80 when there is none. `fixes`:
    say of each finding what `--fix` would write, and why that is safe. `closing` takes the place of the summary.
    `wrapped`: break words of advice at the width; else each is one line, for those who search.
    `secrets`: by file, places that no frame may show, besides those of the findings themselves.
    """
    found = tuple(findings)
    columns = max(width or _terminal(), NARROWEST)
    # Split once: a faulty file can have thousands of findings.
    lines = {
        source.name: masked(lines_of(source.text), (*secrets.get(source.name, ()), *_secrets(found, source.name)))
        for source in sources
    }
    page = _Page(lines, columns, color, fixes=fixes, wrapped=wrapped)
    blocks = ["\n".join(page.finding(f)) for f in found]
    return "\n\n".join([*blocks, summary(found) if closing is None else closing])


def summary(findings: Iterable[Finding]) -> str:
    """Return ``2 errors, 1 warning``, or ``no findings``."""
    weights = [f.severity for f in findings]
    said = [counted(weights.count(s), s.value) for s in Severity if s in weights]
    return ", ".join(said) or "no findings"


def fix_words(finding: Finding) -> str:
    """Return what `--fix` would do about `finding` and why that is safe, or that it would do nothing."""
    fix = finding.fix
    if fix is None:
        return "none that is safe: only you know what is meant"
    return f"{f'write {fix.text}' if fix.text else 'take it out'}: {fix.words}"


def _terminal() -> int:
    """Return the columns of the terminal as shutil would, which loads four decompressors to tell."""
    given = os.environ.get("COLUMNS", "")
    if given.isdigit() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(1).columns or USUAL
    except OSError:
        return USUAL


def _secrets(found: tuple[Finding, ...], name: str) -> Iterator[Span]:
    return (f.span for f in found if f.code in SECRET and f.file == name)


class _Page:
    """How findings are laid out: on which lines, how wide, and whether in colour."""

    def __init__(self, lines: Mapping[str, list[str]], width: int, color: bool, *, fixes: bool, wrapped: bool) -> None:
        self._lines = lines
        self._width = width
        self._color = color
        self._fixes = fixes
        self._wrapped = wrapped
        self._last = (0, "")

    def finding(self, finding: Finding) -> Iterator[str]:
        """Yield the lines of one finding."""
        tone, span = _COLOURS[finding.severity], finding.span
        place = f"{visible(finding.file)}:{span.line}:{span.column}"
        code = self._paint(finding.code, f"1;{tone}")
        yield f"{self._paint(place, _STRONG)} {code} {finding.name} {visible(finding.message)}"
        gutter = len(str(max([span.line, *(r.span.line for r in finding.related)])))
        last = span.end_line - (span.end_column == 1)
        label = finding.severity.value if last <= span.line else f"{finding.severity.value}, down to line {last}"
        yield from self._frame(finding.file, span, gutter, label, tone)
        for related in finding.related:
            yield from self._frame(finding.file, related.span, gutter, related.message, _GUTTER, "-")
        fix = fix_words(finding) if self._fixes else ""
        for label, text in (("why", finding.why), ("help", finding.help), ("fix", fix)):
            if text:
                yield from self._advice(f"{' ' * gutter} ", f"{label}: ", visible(text))

    def _advice(self, indent: str, label: str, text: str) -> Iterator[str]:
        lines = [text]
        if self._wrapped and len(indent) + len("= ") + len(label) + len(text) > self._width:
            import textwrap

            room = max(self._width - len(indent) - len("= ") - len(label), NARROWEST // 2)
            lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
        yield f"{indent}{self._paint('=', _GUTTER)} {label}{lines[0]}"
        yield from (f"{indent}  {' ' * len(label)}{line}" for line in lines[1:])

    def _frame(self, file: str, span: Span, gutter: int, label: str, tone: str, mark: str = "^") -> Iterator[str]:
        lines = self._lines.get(file, [])
        if not 0 < span.line <= len(lines):
            return
        shown = frame(lines[span.line - 1], span, self._width - gutter - 3, mark)
        bar = self._paint("|", _GUTTER)
        # Two places in one line, cut alike, share it.
        if mark == "^" or (shown.line, shown.text) != self._last:
            yield f"{self._paint(f'{shown.line:>{gutter}}', _GUTTER)} {bar} {shown.text}"
        self._last = (shown.line, shown.text)
        yield f"{' ' * gutter} {bar} {self._paint(f'{shown.marks} {visible(label)}', tone)}"

    def _paint(self, text: str, tone: str) -> str:
        return f"\x1b[{tone}m{text}\x1b[0m" if self._color else text
