"""The index of rules, and the pages that their docstrings are."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

import procman.rules
from procman.core.codes import CODES
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Rule
from procman.rules.index import RULES
from tests.support.judging import manifest

NOT_RULES = {"__init__", "base", "engine", "index"}
SECTIONS = ["What it checks", "Why it matters", "Example", "Instead"]
FAMILIES = {
    "0": {Severity.ERROR},
    "1": {Severity.ERROR, Severity.WARNING},
    "2": {Severity.ERROR},
    "3": {Severity.WARNING, Severity.HINT},
    "4": {Severity.WARNING, Severity.HINT},
    "5": {Severity.WARNING, Severity.HINT},
    "6": {Severity.WARNING, Severity.HINT},
}


def module(rule: Rule) -> ModuleType:
    """Return the rule as the module that it is."""
    return cast("ModuleType", rule)


def name(rule: Rule) -> str:
    """Return the name of the rule's file."""
    return module(rule).__name__.rpartition(".")[2]


def test_every_rule_file_is_in_the_index() -> None:
    """A rule that is a file and not a line of the index would never be asked."""
    files = {path.stem for path in Path(procman.rules.__path__[0]).glob("*.py")} - NOT_RULES
    assert sorted(files) == sorted(name(rule) for rule in RULES)


def test_codes_and_names_are_unique() -> None:
    """A code or a name that means two things cannot be suppressed or looked up; those of the schema count too."""
    codes = [rule.CODE for rule in RULES] + list(CODES)
    names = [rule.NAME for rule in RULES] + [code.name for code in CODES.values()]
    assert (sorted(set(codes)), sorted(set(names))) == (sorted(codes), sorted(names))


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_rule_says_what_it_is(rule: Rule) -> None:
    """Code, name and weight follow the families; the name is that of the file; WHY is one sentence or two."""
    assert re.fullmatch("PM[0-6][0-9]{2}", rule.CODE)
    assert name(rule).replace("_", "-") == rule.NAME
    assert rule.SEVERITY in FAMILIES[rule.CODE[2]]
    assert re.fullmatch(r"[A-Z].*\.", rule.WHY)


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_docstring_is_a_page_with_its_sections(rule: Rule) -> None:
    """The page of a rule is a title in one sentence, then the four sections in their order, none of them empty."""
    page = module(rule).__doc__ or ""
    title, *sections = re.split(r"^## ", page, flags=re.MULTILINE)
    assert re.fullmatch(r"[A-Z][^\n]*\.", title.strip())
    heads, bodies = zip(*(part.split("\n", 1) for part in sections), strict=True)
    assert list(heads) == SECTIONS
    assert all(body.strip() for body in bodies)
    assert re.search(r"^```yaml\n.+\n```$", bodies[2], re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("rule", [r for r in RULES if r.CODE.startswith("PM2")], ids=name)
def test_page_of_an_instance_rule_says_that_it_cannot_be_suppressed(rule: Rule) -> None:
    """Who reads the page of a rule that cannot be suppressed is told so."""
    assert "This rule cannot be suppressed." in (module(rule).__doc__ or "")


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_rule_finds_nothing_in_a_good_manifest(rule: Rule) -> None:
    """A small good manifest, judged without a host and without a plan, has no findings."""
    good, _ = manifest("services: {api: {kind: scalable, command: serve, memory: 90M}}")
    assert list(rule.check(Context(good))) == []
