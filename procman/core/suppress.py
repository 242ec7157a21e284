"""``# procman: ignore[PM301] reason`` at the end of a line: which findings it takes away, and what is wrong with it.

Syntax, schema, instance rules and the budget cannot be suppressed; a suppression without a reason takes nothing away.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from procman.core.codes import finding
from procman.core.diagnostics import Finding
from procman.core.source import Comment, Span
from procman.core.values import dataclass
from procman.core.words import shown

_NEVER = re.compile("PM[02][0-9]{2}|PM101")
_LIKE_ONE = re.compile(r"#+\s*procman:\s*(?:ignore\b|[A-Za-z_-]+\s*\[)")
_FORM = re.compile(r"#+\s*procman:\s*ignore\[(?P<codes>[^\[\]]*)\](?P<reason>.*)", re.DOTALL)
_WRITE = "write # procman: ignore[PM301] and why"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One code of one comment that takes findings of its line away."""

    code: str
    span: Span


def can_be_suppressed(code: str) -> bool:
    """Tell whether a comment may take findings of `code` away."""
    return _NEVER.fullmatch(code) is None


def settled(
    found: list[Finding], comments: tuple[Comment, ...], file: str, known: Mapping[str, str], judged: Collection[str]
) -> list[Finding]:
    """Return `found` without what `comments` suppress, and what is wrong with these.

    `known` are all codes and their names. `judged` are those that would have been found: only of these one is unused.
    """
    if not comments:
        return found
    wrong: list[Finding] = []
    valid = [s for comment in comments for s in _read(comment, file, known, wrong)]
    asked = {(s.code, s.span.line) for s in valid}
    left = [f for f in found if (f.code, f.span.line) not in asked]
    used = {(f.code, f.span.line) for f in found}
    unused = [s for s in valid if s.code in judged and (s.code, s.span.line) not in used]
    return [*left, *wrong, *(_unused(s, file) for s in unused)]


def _read(comment: Comment, file: str, known: Mapping[str, str], wrong: list[Finding]) -> Iterator[Suppression]:
    """Yield what a comment suppresses; faults go to `wrong`. Other comments that name procman are just comments."""
    if not _LIKE_ONE.match(comment.text):
        return
    form = _FORM.match(comment.text)
    codes = list(_codes(comment, form)) if form else []
    if form is None or not codes:
        message = f"{shown(comment.text)} suppresses nothing"
        wrong.append(finding("PM011", message, file=file, span=comment.span, help=_WRITE))
        return
    reasoned = bool(form["reason"].strip(" \t:-"))
    if not reasoned:
        message = "a suppression without a reason suppresses nothing"
        wrong.append(finding("PM012", message, file=file, span=comment.span, help=_WRITE))
    for code, span in codes:
        if code not in known:
            wrong.append(finding("PM013", f"{shown(code)} is no code", file=file, span=span, help=_meant(code, known)))
        elif not can_be_suppressed(code):
            message = f"{code} cannot be suppressed"
            advice = "mend what it tells of" if code != "PM101" else "procman up --force starts what is over budget"
            wrong.append(finding("PM015", message, file=file, span=span, help=advice))
        elif reasoned:
            yield Suppression(code, span)


def _codes(comment: Comment, form: re.Match[str]) -> Iterator[tuple[str, Span]]:
    """Yield the codes between the brackets, each with its place."""
    for match in re.finditer(r"[^\s,]+", form["codes"]):
        start = comment.span.column + form.start("codes") + match.start()
        yield match[0], Span(comment.span.line, start, comment.span.line, start + len(match[0]))


def _meant(word: str, known: Mapping[str, str]) -> str:
    """Return the code that was likely meant: in capitals, or by its name."""
    named = next((code for code, name in known.items() if name == word.lower()), None)
    code = word.upper() if word.upper() in known else named
    return f"did you mean {code}?" if code else "procman rules lists them"


def _unused(suppression: Suppression, file: str) -> Finding:
    message = f"nothing on this line has {suppression.code}"
    advice = "remove it, or put it at the end of the line of the finding"
    return finding("PM014", message, file=file, span=suppression.span, help=advice)
