"""What there is to know of every code: the rules' own pages, and those of syntax and schema. Reads no manifest."""

from __future__ import annotations

from procman.core.code_examples import EXAMPLES, TITLES
from procman.core.codes import CODES, Code
from procman.core.diagnostics import Severity
from procman.core.errors import Failed
from procman.core.suppress import can_be_suppressed
from procman.core.values import dataclass
from procman.core.words import near, shown
from procman.rules.base import Rule
from procman.rules.index import ASK_HOST, RULES

SINCE = "0.1.0"
"""The version that brought every code of syntax and schema so far."""


@dataclass(frozen=True, slots=True)
class Page:
    """One code. `text` is its page without code, name and title; `asks_host`: it finds more when it knows the host."""

    code: str
    name: str
    severity: Severity
    since: str
    title: str
    why: str
    text: str
    asks_host: bool = False

    @property
    def suppressible(self) -> bool:
        """Tell whether a comment may take its findings away."""
        return can_be_suppressed(self.code)


def pages() -> tuple[Page, ...]:
    """Return every page, by code."""
    found = [*(_of_code(code, kind) for code, kind in CODES.items()), *(_of_rule(rule) for rule in RULES)]
    return tuple(sorted(found, key=lambda page: page.code))


def page(word: str) -> Page:
    """Return the page of a code or a name. Failed, with what was likely meant, when there is none."""
    everything = pages()
    for one in everything:
        if word.upper() == one.code or word.lower() == one.name:
            return one
    if word[:2].upper() == "PM" and word[2:].isdigit():
        guess = "procman rules lists all codes"
    else:
        guess = near(word, [one.name for one in everything]) or "procman rules lists all names"
    raise Failed(f"there is no rule {shown(word)}", guess)


def _of_rule(rule: Rule) -> Page:
    from inspect import getdoc  # noqa: PLC0415 - it costs milliseconds

    title, _, text = (getdoc(rule) or "").partition("\n")
    asks = rule in ASK_HOST
    return Page(rule.CODE, rule.NAME, rule.SEVERITY, rule.SINCE, title, rule.WHY, text.strip("\n"), asks)


def _of_code(code: str, kind: Code) -> Page:
    why = f"{kind.why[0].upper()}{kind.why[1:]}."
    text = f"## Why it matters\n{why}\n\n## Example\n```yaml\n{EXAMPLES[code].strip()}\n```"
    return Page(code, kind.name, kind.severity, SINCE, TITLES[code], why, text)
